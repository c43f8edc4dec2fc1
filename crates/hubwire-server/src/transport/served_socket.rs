//! A socket while it is used for HTTP: a write that takes too long fails, unless the response is
//! watched otherwise.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::socket_handle::{SocketHandle, Upgrade};
use super::stream_peer::{Left, StreamPeer, poll_again, timed_out};
use crate::node::{ConnectionPermit, ServeLimits};
use crate::outbound::{Failure, Puller, PullerWatch, Standing, TcpInfo, as_tcp, tcp_info};

/// How many bytes a second keep any other response alive, as in Kestrel (`MinResponseDataRate`).
const LEAST_RATE: u64 = 240;

/// How often the client of a pulled response is checked while some of it waits.
const CHECK_PERIOD: Duration = Duration::from_secs(1);

/// A socket with a time limit for the peer to read responses.
///
/// The HTTP library waits for that without a limit. In that time it does not read, so it would not
/// notice that its peer is gone.
pub(crate) struct ServedSocket<S> {
    socket: S,
    /// Counts the socket among the server's connections, if those are limited.
    permit: Option<ConnectionPermit>,
    write_timeout: Duration,
    limits: Arc<ServeLimits>,
    pending: Option<Pending>,
    /// How many bytes were written.
    written: u64,
    /// The puller of a response that is written, until all of it is sent.
    finished: Option<Puller>,
    peer: StreamPeer,
    upgrade: Upgrade,
    handle: SocketHandle,
}

/// A write that the peer does not take.
struct Pending {
    since: Instant,
    /// What the client had taken then.
    taken: Option<u64>,
    /// Whether its puller says how much is enough.
    is_watched: bool,
    /// The end of the write, or the next check of its client.
    timer: Pin<Box<Sleep>>,
}

impl Pending {
    fn new(since: Instant) -> Self {
        Self {
            since,
            taken: None,
            is_watched: false,
            timer: Box::pin(sleep_until(since)),
        }
    }

    /// Begins anew if the client has taken enough.
    fn note(&mut self, taken: u64, enough: u64) {
        match self.taken {
            Some(before) if taken.saturating_sub(before) < enough => return,
            Some(_) => self.since = Instant::now(),
            None => {}
        }
        self.taken = Some(taken);
    }
}

impl<S> ServedSocket<S> {
    pub(crate) fn new(
        socket: S,
        permit: Option<ConnectionPermit>,
        write_timeout: Duration,
        limits: Arc<ServeLimits>,
        upgrade: Upgrade,
        handle: SocketHandle,
    ) -> Self {
        Self {
            socket,
            permit,
            write_timeout,
            limits,
            pending: None,
            written: 0,
            finished: None,
            peer: StreamPeer::default(),
            upgrade,
            handle,
        }
    }

    /// Returns the socket, and the permit that counts it while it exists.
    pub(crate) fn into_parts(self) -> (S, Option<ConnectionPermit>) {
        (self.socket, self.permit)
    }
}

impl<S: 'static> ServedSocket<S> {
    /// Returns an error if the peer has left, or has taken too little of what was written for too
    /// long.
    fn poll_given_up(&mut self, cx: &mut Context<'_>) -> Poll<io::Error>
    where
        S: AsyncRead + Unpin,
    {
        self.keep_finished();
        if let Poll::Ready(error) = self.poll_left(cx) {
            return Poll::Ready(error);
        }
        self.poll_overdue(cx)
    }

    fn keep_finished(&mut self) {
        if let Some(puller) = self.handle.take_finished() {
            self.finished = Some(puller);
        }
    }

    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<io::Error>
    where
        S: AsyncRead + Unpin,
    {
        let (stream, handle) = (self.handle.open_stream(), &self.handle);
        let progress = || handle.current_watch()?.standing().progress();
        match ready!(self.peer.poll_left(&mut self.socket, stream, progress, cx)) {
            Left::Gone(error) => Poll::Ready(error),
            Left::GivenUp(failure) => {
                if let Some(watch) = handle.current_watch() {
                    watch.give_up(failure);
                }
                Poll::Ready(timed_out("the peer was given up"))
            }
        }
    }

    /// Returns whether the peer's system was sent the whole response, as far as that is known. Its
    /// client is absent only from then on.
    fn is_sent(&self) -> bool {
        self.finished.as_ref().is_none_or(Puller::is_gone)
            || self.tcp_info().is_none_or(|info| info.unsent == 0)
    }

    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let watch = self.handle.current_watch();
        let standing = watch.as_ref().map(PullerWatch::standing);
        let taken = self.taken();
        let now = Instant::now();
        let pending = self.pending.get_or_insert_with(|| Pending::new(now));
        let (limit, check) = match standing {
            Some(Standing::GivenUp) => (Duration::ZERO, CHECK_PERIOD),
            Some(Standing::Attached(progress)) => {
                pending.is_watched = true;
                pending.note(taken, progress.bytes as u64);
                (progress.timeout, CHECK_PERIOD)
            }
            Some(Standing::Detached) | None => {
                if pending.is_watched {
                    *pending = Pending::new(now);
                }
                let enough = LEAST_RATE.saturating_mul(self.write_timeout.as_secs());
                pending.note(taken, enough.max(1));
                (self.write_timeout, self.write_timeout)
            }
        };
        match limit.checked_sub(pending.since.elapsed()) {
            Some(left) if !left.is_zero() => {
                poll_again(&mut pending.timer, left.min(check), cx);
                Poll::Pending
            }
            _ => {
                match (standing, watch) {
                    (Some(Standing::Attached(_)), Some(watch)) => {
                        watch.give_up(Failure::NoProgress);
                    }
                    (Some(Standing::GivenUp), _) => {}
                    _ => self.limits.write_timeout.count(),
                }
                Poll::Ready(timed_out("the peer reads no response"))
            }
        }
    }

    /// Returns how many bytes the peer has taken.
    fn taken(&self) -> u64 {
        self.tcp_info()
            .map_or(self.written, |info| info.acknowledged)
    }

    fn tcp_info(&self) -> Option<TcpInfo> {
        as_tcp(&self.socket).and_then(tcp_info)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ServedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.peer.give_back(buffer) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for ServedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.written_in_time(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.written_in_time(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        if self.upgrade.is_done() || flushed.is_pending() {
            return self.done_in_time(flushed, cx);
        }
        // The HTTP library flushes whenever its task has run.
        self.keep_finished();
        if let Poll::Ready(error) = self.poll_left(cx) {
            return Poll::Ready(Err(error));
        }
        if !self.is_sent() {
            return self.poll_overdue(cx).map(Err);
        }
        self.finished = None;
        self.pending = None;
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.done_in_time(shut, cx)
    }
}

impl<S: AsyncRead + Unpin + 'static> ServedSocket<S> {
    /// Passes on the result of a write, or returns an error if the client was given up.
    ///
    /// A pulled response goes on to be judged until all of it is flushed: otherwise its client
    /// could take a byte a minute.
    fn written_in_time(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.done_in_time(Poll::Pending, cx),
            Poll::Ready(result) => {
                self.written += result.as_ref().map_or(0, |count| *count as u64);
                self.pending = self.pending.take().filter(|it| it.is_watched);
                Poll::Ready(result)
            }
        }
    }

    fn done_in_time<R>(
        &mut self,
        done: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        if done.is_ready() || self.upgrade.is_done() {
            self.pending = None;
            return done;
        }
        self.poll_given_up(cx).map(Err)
    }
}

impl<S> fmt::Debug for ServedSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedSocket").finish_non_exhaustive()
    }
}
