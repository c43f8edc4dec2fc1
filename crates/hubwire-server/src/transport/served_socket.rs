//! A socket while it is used for HTTP: a write that takes too long fails.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::node::ConnectionPermit;

/// A socket with a time limit for the peer to read responses.
///
/// The HTTP library waits for that without a limit. In that time it does not read, so it would not
/// notice that its peer is gone.
pub(crate) struct ServedSocket<S> {
    socket: S,
    /// Counts the socket among the server's connections, if those are limited.
    permit: Option<ConnectionPermit>,
    write_timeout: Duration,
    /// The time limit of a pending write.
    deadline: Option<Pin<Box<Sleep>>>,
    upgrade: Upgrade,
}

/// Marks a [`ServedSocket`] that cannot be unwrapped as no longer used for HTTP.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upgrade(Arc<AtomicBool>);

impl Upgrade {
    pub(crate) fn done(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_done(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl<S> ServedSocket<S> {
    pub(crate) fn new(
        socket: S,
        permit: Option<ConnectionPermit>,
        write_timeout: Duration,
        upgrade: Upgrade,
    ) -> Self {
        Self {
            socket,
            permit,
            write_timeout,
            deadline: None,
            upgrade,
        }
    }

    /// Returns the socket, and the permit that counts it while it exists.
    pub(crate) fn into_parts(self) -> (S, Option<ConnectionPermit>) {
        (self.socket, self.permit)
    }

    /// Passes on the result of a write, or returns an error if it has been pending for too long.
    fn in_time<R>(
        &mut self,
        written: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        if written.is_ready() || self.upgrade.is_done() {
            self.deadline = None;
            return written;
        }
        let timeout = self.write_timeout;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(deadline.as_mut().poll(cx));
        let error = io::Error::new(io::ErrorKind::TimedOut, "the peer reads no response");
        Poll::Ready(Err(error))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ServedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ServedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.in_time(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.in_time(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.in_time(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.in_time(shut, cx)
    }
}

impl<S> fmt::Debug for ServedSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedSocket").finish_non_exhaustive()
    }
}
