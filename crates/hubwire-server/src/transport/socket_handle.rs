//! What the handler of a request knows and says of the socket, or the HTTP/2 stream, that the
//! request came from.

use std::mem;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

use crate::node::DeadPeerTimeouts;
use crate::outbound::{Puller, PullerWatch};

/// What the handler of a request knows of the socket that the request came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct SocketHandle(Arc<Handle>);

#[derive(Debug, Default)]
struct Handle {
    local: Option<SocketAddr>,
    response: Mutex<PulledResponse>,
    stream: Option<StreamEnds>,
}

/// The ends of an HTTP/2 stream that carries a WebSocket.
#[derive(Debug, Default)]
struct StreamEnds {
    /// Fires when nothing more will be read or written.
    left: CancellationToken,
    /// Fires when the library has ended the stream.
    gone: CancellationToken,
}

/// How the client of the current response is judged, if the response pulls.
#[derive(Debug, Default)]
struct PulledResponse {
    watch: Option<PullerWatch>,
    /// Set once the HTTP library has the whole body.
    finished: Option<Puller>,
    stream: Option<OpenStream>,
}

/// What is checked while an event stream is open, even if nothing is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenStream {
    pub(super) dead_peers: Option<DeadPeerTimeouts>,
}

impl SocketHandle {
    pub(crate) fn new(local: Option<SocketAddr>) -> Self {
        Self(Arc::new(Handle {
            local,
            ..Handle::default()
        }))
    }

    /// Creates the handle of an HTTP/2 stream, which carries one request.
    pub(crate) fn of_stream(local: Option<SocketAddr>) -> Self {
        Self(Arc::new(Handle {
            local,
            stream: Some(StreamEnds::default()),
            ..Handle::default()
        }))
    }

    /// Returns a guard that whoever takes the stream over keeps until it leaves it.
    pub(super) fn leave_on_drop(&self) -> Option<DropGuard> {
        let ends = self.0.stream.as_ref()?;
        Some(ends.left.clone().drop_guard())
    }

    /// Waits until who has taken the HTTP/2 stream over has left it.
    pub(crate) async fn left(&self) {
        match &self.0.stream {
            Some(ends) => ends.left.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Tells who has taken the HTTP/2 stream over that it has ended.
    pub(crate) fn end_stream(&self) {
        if let Some(ends) = &self.0.stream {
            ends.gone.cancel();
        }
    }

    /// Returns what resolves when the HTTP/2 stream has ended.
    pub(super) fn gone(&self) -> Option<WaitForCancellationFutureOwned> {
        let ends = self.0.stream.as_ref()?;
        Some(ends.gone.clone().cancelled_owned())
    }

    /// Returns whether the puller of a response is kept until all of it is sent.
    pub(crate) fn is_finishing(&self) -> bool {
        self.lock()
            .finished
            .as_ref()
            .is_some_and(|it| !it.is_gone())
    }

    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.0.local
    }

    /// Leaves it to the puller of the current response how long its client may read nothing.
    pub(crate) fn watch(&self, watch: PullerWatch) {
        self.lock().watch = Some(watch);
    }

    /// Like [`SocketHandle::watch`], for a response that stays open: the peer's end is noticed even
    /// if it has sent more than its request, and so is a dead network.
    pub(crate) fn watch_stream(&self, watch: PullerWatch, dead_peers: Option<DeadPeerTimeouts>) {
        let mut response = self.lock();
        response.watch = Some(watch);
        response.stream = Some(OpenStream { dead_peers });
    }

    /// Keeps the puller of the current response until all of it is sent.
    pub(crate) fn finish(&self, puller: Puller) {
        self.lock().finished = Some(puller);
    }

    /// Applies the time limit of the socket itself again, for another response.
    pub(crate) fn unwatch(&self) {
        let before = mem::take(&mut *self.lock());
        // Dropping a puller wakes its session.
        drop(before);
    }

    pub(crate) fn current_watch(&self) -> Option<PullerWatch> {
        self.lock().watch.clone()
    }

    pub(super) fn take_finished(&self) -> Option<Puller> {
        self.lock().finished.take()
    }

    pub(super) fn open_stream(&self) -> Option<OpenStream> {
        self.lock().stream
    }

    fn lock(&self) -> MutexGuard<'_, PulledResponse> {
        self.0
            .response
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a [`ServedSocket`](super::ServedSocket) that cannot be unwrapped as no longer used for
/// HTTP.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upgrade(Arc<AtomicBool>);

impl Upgrade {
    pub(crate) fn done(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn is_done(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
