//! The write half of a byte stream.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use super::byte_stream::SharedStream;
use super::tcp_info::{IS_TOLD, TcpInfo, tcp_info};

/// The write half, which the connection's queue owns.
pub(crate) enum SocketWriter {
    Other(SharedStream),
    Tcp(OwnedWriteHalf),
}

impl SocketWriter {
    /// Writes what the socket accepts at once; pending means that it refuses, and nothing is
    /// woken.
    pub(crate) fn try_write(&mut self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Other(_) => self.poll_write(&mut Context::from_waker(Waker::noop()), slices),
            Self::Tcp(half) => {
                // The kernel takes a single buffer with a tenth less work than a list of one.
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
            Self::Other(stream) => stream.poll_write(cx, slices),
            Self::Tcp(half) => Pin::new(half).poll_write_vectored(cx, slices),
        }
    }

    /// Returns what the kernel knows about the peer; `None` if it is not asked.
    pub(super) fn tcp_info(&self) -> Option<TcpInfo> {
        match self {
            Self::Other(stream) => stream.ask_tcp(tcp_info).flatten(),
            Self::Tcp(half) => tcp_info(half.as_ref()),
        }
    }

    /// Returns whether [`SocketWriter::tcp_info`] reports what has arrived.
    pub(super) fn is_told_what_arrives(&self) -> bool {
        IS_TOLD
            && match self {
                Self::Other(stream) => stream.ask_tcp(|_| ()).is_some(),
                Self::Tcp(_) => true,
            }
    }

    /// Returns whether written bytes may wait in the byte stream itself, as in TLS records or a
    /// buffer.
    pub(crate) fn holds_bytes_back(&self) -> bool {
        matches!(self, Self::Other(_))
    }

    /// Passes on what the byte stream holds back; pending means that it cannot, and nothing is
    /// woken.
    pub(crate) fn try_flush(&mut self) -> Poll<io::Result<()>> {
        self.poll_flush(&mut Context::from_waker(Waker::noop()))
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Other(stream) => stream.poll_flush(cx),
            Self::Tcp(_) => Poll::Ready(Ok(())),
        }
    }

    /// Shuts the byte stream down cleanly, TLS with its close_notify.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Other(stream) => stream.poll_shutdown(cx),
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
        }
    }

    /// Makes the kernel reset the socket when it is closed, so that it keeps nothing for a peer
    /// that ignores it.
    pub(crate) fn reset_on_close(self) {
        // If this option cannot be set, the socket is closed as usual.
        match self {
            Self::Other(stream) => {
                let _ = stream.ask_tcp(TcpStream::set_zero_linger);
            }
            Self::Tcp(half) => {
                let _ = half.as_ref().set_zero_linger();
                // Dropping the half would shut the stream down cleanly first.
                half.forget();
            }
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
