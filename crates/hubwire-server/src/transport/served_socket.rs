//! A socket while it is used for HTTP: a write that takes too long fails, unless the response is
//! watched otherwise.

use std::any::Any;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::peer_look::PeerLook;
use crate::node::{ConnectionPermit, DeadPeerTimeouts};
use crate::outbound::{Failure, PullerWatch, Standing};

/// How often the client of a pulled response is checked while its socket refuses bytes.
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
    pending: Option<Pending>,
    look: Option<PeerLook>,
    upgrade: Upgrade,
    handle: SocketHandle,
}

/// A write that the peer does not take.
struct Pending {
    since: Instant,
    /// Its client was judged by its puller so far.
    was_watched: bool,
    /// The end of the write, or the next check of its client.
    timer: Pin<Box<Sleep>>,
}

impl Pending {
    fn new(since: Instant) -> Self {
        Self {
            since,
            was_watched: false,
            timer: Box::pin(sleep_until(since)),
        }
    }
}

/// What the handler of a request knows of the socket that the request came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct SocketHandle(Arc<Handle>);

#[derive(Debug, Default)]
struct Handle {
    local: Option<SocketAddr>,
    response: Mutex<PulledResponse>,
}

/// How the client of the current response is judged, if the response pulls.
#[derive(Clone, Debug, Default)]
enum PulledResponse {
    /// Its end is the end of its connection.
    EventStream(PullerWatch, Option<DeadPeerTimeouts>),
    #[default]
    None,
    /// Its client may poll again.
    Poll(PullerWatch),
}

impl SocketHandle {
    pub(crate) fn new(local: Option<SocketAddr>) -> Self {
        Self(Arc::new(Handle {
            local,
            response: Mutex::default(),
        }))
    }

    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.0.local
    }

    /// Leaves it to the puller of the current response how long its client may read nothing.
    pub(crate) fn watch_poll(&self, watch: PullerWatch) {
        *self.lock() = PulledResponse::Poll(watch);
    }

    /// Does the same for an event stream. While nothing is written, it also checks whether the
    /// peer's network is alive and whether the peer reads, which nothing else does.
    pub(crate) fn watch_event_stream(
        &self,
        watch: PullerWatch,
        dead_peers: Option<DeadPeerTimeouts>,
    ) {
        *self.lock() = PulledResponse::EventStream(watch, dead_peers);
    }

    /// Applies the time limit of the socket itself again, for another response.
    pub(crate) fn unwatch(&self) {
        *self.lock() = PulledResponse::None;
    }

    fn response(&self) -> PulledResponse {
        self.lock().clone()
    }

    fn standing(&self) -> Standing {
        match self.response() {
            PulledResponse::EventStream(watch, _) | PulledResponse::Poll(watch) => watch.standing(),
            PulledResponse::None => Standing::Detached,
        }
    }

    /// Gives up the client of an event stream, so that its connection ends for this reason.
    fn give_up(&self, failure: Failure) {
        if let PulledResponse::EventStream(watch, _) = self.response() {
            watch.give_up(failure);
        }
    }

    fn dead_peers(&self) -> Option<DeadPeerTimeouts> {
        match *self.lock() {
            PulledResponse::EventStream(_, dead_peers) => dead_peers,
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, PulledResponse> {
        self.0
            .response
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
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
        handle: SocketHandle,
    ) -> Self {
        Self {
            socket,
            permit,
            write_timeout,
            pending: None,
            look: None,
            upgrade,
            handle,
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
            self.pending = None;
            return written;
        }
        let now = Instant::now();
        let standing = self.handle.standing();
        let pending = self.pending.get_or_insert_with(|| Pending::new(now));
        let (limit, check) = match standing {
            Standing::GivenUp => (Duration::ZERO, CHECK_PERIOD),
            Standing::Attached(progress) => {
                pending.was_watched = true;
                (progress.timeout, CHECK_PERIOD)
            }
            Standing::Detached => {
                if pending.was_watched {
                    *pending = Pending::new(now);
                }
                (self.write_timeout, self.write_timeout)
            }
        };
        match limit.checked_sub(pending.since.elapsed()) {
            Some(left) if !left.is_zero() => {
                // A timer cannot be set for any time, but for an hour; then this looks again.
                let next = left.min(check).min(Duration::from_secs(3_600));
                pending.timer.as_mut().reset(now + next);
                if pending.timer.as_mut().poll(cx).is_ready() {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
            _ => {}
        }
        self.handle.give_up(Failure::NoProgress);
        let error = io::Error::new(io::ErrorKind::TimedOut, "the peer reads no response");
        Poll::Ready(Err(error))
    }
}

impl<S: 'static> ServedSocket<S> {
    /// Returns why the peer is to be given up, if that is to be checked.
    fn poll_given_up(&mut self, cx: &mut Context<'_>) -> Option<Failure> {
        let Some(timeouts) = self.handle.dead_peers() else {
            self.look = None;
            return None;
        };
        let socket: &dyn Any = &self.socket;
        let tcp = socket.downcast_ref::<TcpStream>()?;
        let look = self
            .look
            .get_or_insert_with(|| PeerLook::new(tcp, timeouts));
        let progress = match self.handle.standing() {
            Standing::Attached(progress) => Some(progress),
            _ => None,
        };
        match look.poll(tcp, progress, cx) {
            Poll::Ready(failure) => failure,
            Poll::Pending => None,
        }
    }
}

impl<S: AsyncRead + Unpin + 'static> AsyncRead for ServedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if read.is_pending()
            && !self.upgrade.is_done()
            && let Some(failure) = self.poll_given_up(cx)
        {
            self.handle.give_up(failure);
            let error = io::Error::new(io::ErrorKind::TimedOut, "the peer was given up");
            return Poll::Ready(Err(error));
        }
        read
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
