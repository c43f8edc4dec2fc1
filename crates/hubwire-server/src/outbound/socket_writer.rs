//! The write half of a byte stream.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use socket2::SockRef;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::coop::unconstrained;

use super::byte_stream::{SharedStream, Uptake};
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
            Self::Other(stream) => at_once(|cx| stream.poll_write(cx, slices)),
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
        at_once(|cx| self.poll_flush(cx))
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Other(stream) => stream.poll_flush(cx),
            Self::Tcp(_) => Poll::Ready(Ok(())),
        }
    }

    /// Returns whether the byte stream may refuse bytes that its peer would take.
    pub(super) fn takes_in_advance(&self) -> bool {
        match self {
            Self::Other(stream) => stream.uptake() == Uptake::InAdvance,
            Self::Tcp(_) => false,
        }
    }

    /// Shuts the byte stream down cleanly, TLS with its close_notify.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Other(stream) => stream.poll_shutdown(cx),
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
        }
    }

    /// Ends the writing side of a socket, whose reader may go on.
    pub(crate) fn close(self) {
        match self {
            // If the peer has ended the connection already, there is nothing to end.
            Self::Other(stream) => {
                let _ = stream.ask_tcp(|tcp| SockRef::from(tcp).shutdown(Shutdown::Write));
            }
            Self::Tcp(half) => drop(half),
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

/// Polls once, without a waker and whatever the task has done in its turn.
fn at_once<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
    let poll = pin!(unconstrained(poll_fn(|cx| poll(cx))));
    poll.poll(&mut Context::from_waker(Waker::noop()))
}

impl fmt::Debug for SocketWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Other(_) => "SocketWriter::Other",
            Self::Tcp(_) => "SocketWriter::Tcp",
        })
    }
}
