//! The half of a byte stream that is written to.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, WriteHalf};
use tokio::net::tcp::OwnedWriteHalf;

use super::tcp_info::{IS_TOLD, TcpInfo, tcp_info};

/// Anything that carries bytes both ways: TLS, a pipe in memory.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for T {}

/// A byte stream of any kind.
pub(crate) type BoxedSocket = Box<dyn ByteStream>;

/// The half that the connection's queue owns.
pub(crate) enum SocketWriter {
    Other(WriteHalf<BoxedSocket>),
    Tcp(OwnedWriteHalf),
}

impl SocketWriter {
    /// Writes what the socket takes at once; pending means that it refuses, and nobody is woken.
    pub(crate) fn try_write(&mut self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Other(_) => self.poll_write(&mut Context::from_waker(Waker::noop()), slices),
            Self::Tcp(half) => {
                // The kernel takes one buffer for a tenth less work than a list of one.
                let written = match slices {
                    [slice] => half.try_write(slice),
                    _ => half.try_write_vectored(slices),
                };
                match written {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                    written => Poll::Ready(written),
                }
            }
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Other(half) => Pin::new(half).poll_write_vectored(cx, slices),
            Self::Tcp(half) => Pin::new(half).poll_write_vectored(cx, slices),
        }
    }

    /// What the kernel knows of the peer; `None` where it is not asked.
    pub(super) fn tcp_info(&self) -> Option<TcpInfo> {
        match self {
            Self::Other(_) => None,
            Self::Tcp(half) => tcp_info(half.as_ref()),
        }
    }

    /// Whether [`SocketWriter::tcp_info`] says what arrives.
    pub(super) fn is_told_what_arrives(&self) -> bool {
        matches!(self, Self::Tcp(_)) && IS_TOLD
    }

    /// Whether written bytes may wait in the byte stream itself, as in TLS records or a buffer.
    pub(crate) fn holds_bytes_back(&self) -> bool {
        matches!(self, Self::Other(_))
    }

    /// Passes on at once what the byte stream holds back; pending means that it cannot, and nobody is woken.
    pub(crate) fn try_flush(&mut self) -> Poll<io::Result<()>> {
        self.poll_flush(&mut Context::from_waker(Waker::noop()))
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Other(half) => Pin::new(half).poll_flush(cx),
            Self::Tcp(_) => Poll::Ready(Ok(())),
        }
    }

    /// Ends the byte stream in good order, TLS with its close_notify.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Other(half) => Pin::new(half).poll_shutdown(cx),
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
        }
    }

    /// Makes the close of a socket that its peer ignores a reset, so that the kernel keeps nothing for it.
    pub(crate) fn reset_on_close(self) {
        if let Self::Tcp(half) = self {
            // A socket that cannot be told so is closed the ordinary way.
            let _ = half.as_ref().set_zero_linger();
            // Its drop would end the stream in good order first.
            half.forget();
        }
    }
}

impl fmt::Debug for SocketWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Other(_) => "SocketWriter::Other",
            Self::Tcp(_) => "SocketWriter::Tcp",
        })
    }
}
