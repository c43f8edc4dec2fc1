//! An HTTP/2 stream that carries a WebSocket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::DropGuard;

use super::SocketHandle;

/// How many bytes the HTTP library gets at once: it copies them and holds several such pieces,
/// whatever its client takes, and each becomes a frame.
const PIECE_SIZE: usize = 16 * 1024;

/// A stream of an HTTP/2 connection of ours, or any other upgraded connection.
pub(crate) struct Http2Stream {
    io: TokioIo<Upgraded>,
    /// Tells the stream's task that nothing more will be sent.
    _left: Option<DropGuard>,
}

impl Http2Stream {
    pub(crate) fn new(upgraded: Upgraded, handle: Option<&SocketHandle>) -> Self {
        Self {
            io: TokioIo::new(upgraded),
            _left: handle.and_then(SocketHandle::leave_on_drop),
        }
    }
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Http2Stream {
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
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [slice] = slices {
            return self.poll_write(cx, slice);
        }
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
