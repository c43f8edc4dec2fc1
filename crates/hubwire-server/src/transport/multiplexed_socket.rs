//! The socket of an HTTP/2 connection, and what its streams may ask about it.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::peer_look::PeerLook;
use super::stream_peer::timed_out;
use crate::node::{ConnectionPermit, EndpointOptions, ServeLimits};
use crate::outbound::{ByteStream, Progress, SharedStream, Uptake, tcp_info};

/// How many bytes a second keep a connection alive, as in Kestrel (`MinResponseDataRate`).
const LEAST_RATE: usize = 240;

/// A socket that many requests share, so that how much its peer reads is judged for each of them.
///
/// The connection ends if its peer's network is dead, by the limits that event streams have by
/// default, or if its peer takes next to nothing of what the system holds for it.
pub(crate) struct MultiplexedSocket {
    activity: SocketActivity,
    /// Counts the socket among the server's connections, if those are limited.
    _permit: Option<ConnectionPermit>,
    look: Option<PeerLook>,
    progress: Progress,
    limits: Arc<ServeLimits>,
}

/// What has happened at a socket that many requests share.
#[derive(Clone)]
pub(crate) struct SocketActivity {
    socket: SharedStream,
    written: Arc<Mutex<Written>>,
}

#[derive(Clone, Copy, Debug)]
struct Written {
    bytes: u64,
    last: Instant,
    is_refused: bool,
}

impl SocketActivity {
    /// Returns when the peer, or its system, last took bytes.
    pub(crate) fn last_write(&self) -> Instant {
        self.written().last
    }

    /// Returns how many bytes the peer has taken, as far as that is known.
    pub(crate) fn taken(&self) -> u64 {
        let told = self.socket.ask_tcp(tcp_info).flatten();
        told.map_or_else(|| self.written().bytes, |info| info.acknowledged)
    }

    /// Returns whether the peer's system was sent all that was written.
    pub(crate) fn is_sent(&self) -> bool {
        let is_unsent = || {
            let told = self.socket.ask_tcp(tcp_info).flatten();
            told.is_some_and(|info| info.unsent > 0)
        };
        !self.written().is_refused && !is_unsent()
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<R>(&self, done: &Poll<R>, bytes: usize) {
        let mut written = self.written();
        written.is_refused = done.is_pending();
        if bytes > 0 {
            written.bytes += bytes as u64;
            written.last = Instant::now();
        }
    }
}

impl MultiplexedSocket {
    pub(crate) fn new(
        socket: impl ByteStream,
        permit: Option<ConnectionPermit>,
        limits: Arc<ServeLimits>,
    ) -> Self {
        let options = EndpointOptions::default();
        let look = match (socket.tcp(), options.dead_peer_timeouts) {
            (Some(tcp), Some(timeouts)) => Some(PeerLook::new(tcp, timeouts)),
            _ => None,
        };
        let written = Written {
            bytes: 0,
            last: Instant::now(),
            is_refused: false,
        };
        Self {
            activity: SocketActivity {
                socket: SharedStream::new(Box::new(socket), Uptake::WithItsPeer),
                written: Arc::new(Mutex::new(written)),
            },
            _permit: permit,
            look,
            progress: Progress {
                bytes: LEAST_RATE * 60,
                timeout: Duration::from_secs(60),
            },
            limits,
        }
    }

    pub(crate) fn activity(&self) -> SocketActivity {
        self.activity.clone()
    }

    /// Passes on what could be done, or returns an error if nothing can be and nothing will be.
    fn unless_dead<R>(
        &mut self,
        done: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        let Some(look) = self.look.as_mut().filter(|_| done.is_pending()) else {
            return done;
        };
        let progress = self.progress;
        let socket = &self.activity.socket;
        let looked = socket.ask_tcp(|tcp| look.poll(tcp, || Some(progress), cx));
        if looked.is_some_and(|looked| looked.is_ready()) {
            self.look = None;
            self.limits.dead_peers.count();
            return Poll::Ready(Err(timed_out("the peer was given up")));
        }
        done
    }
}

impl AsyncRead for MultiplexedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.activity.socket.poll_read(cx, buffer);
        self.unless_dead(read, cx)
    }
}

impl AsyncWrite for MultiplexedSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.activity.socket.poll_write(cx, slices);
        let bytes = match &written {
            Poll::Ready(Ok(bytes)) => *bytes,
            _ => 0,
        };
        self.activity.note(&written, bytes);
        self.unless_dead(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.activity.socket.poll_flush(cx);
        self.activity.note(&flushed, 0);
        self.unless_dead(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = self.activity.socket.poll_shutdown(cx);
        self.unless_dead(shut, cx)
    }
}

impl fmt::Debug for MultiplexedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiplexedSocket").finish_non_exhaustive()
    }
}
