//! A byte stream that stays inside the HTTP library: that of HTTP/2, or of a server unlike `serve`.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{DropGuard, WaitForCancellationFutureOwned};

use super::SocketHandle;

/// How many bytes the HTTP library gets at once: in HTTP/2 it copies them, holds several such
/// pieces, whatever its client takes, and makes a frame of each.
const PIECE_SIZE: usize = 16 * 1024;

/// Resolves when the library has ended an HTTP/2 stream.
pub(super) type Gone = Pin<Box<WaitForCancellationFutureOwned>>;

/// An upgraded connection of HTTP/1.1, or a stream of an HTTP/2 connection.
pub(crate) struct UpgradedStream {
    io: TokioIo<Upgraded>,
    handle: Option<SocketHandle>,
    /// Tells the stream's task that nothing more will be sent.
    _left: Option<DropGuard>,
}

impl UpgradedStream {
    pub(crate) fn new(upgraded: Upgraded, handle: Option<SocketHandle>) -> Self {
        Self {
            io: TokioIo::new(upgraded),
            _left: handle.as_ref().and_then(SocketHandle::leave_on_drop),
            handle,
        }
    }

    pub(super) fn gone(&self) -> Option<Gone> {
        self.handle.as_ref()?.gone().map(Box::pin)
    }
}

impl AsyncRead for UpgradedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for UpgradedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let piece = bytes.get(..PIECE_SIZE).unwrap_or(bytes);
        Pin::new(&mut self.io).poll_write(cx, piece)
    }

    /// Joins small messages to one piece: the library would make a frame of each.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [slice] = slices {
            return self.poll_write(cx, slice);
        }
        // Nothing is joined in vain while the library has no room.
        ready!(self.as_mut().poll_flush(cx))?;
        let mut joined = Vec::new();
        for slice in slices {
            let room = PIECE_SIZE - joined.len();
            joined.extend_from_slice(slice.get(..room).unwrap_or(slice));
        }
        self.poll_write(cx, &joined)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
