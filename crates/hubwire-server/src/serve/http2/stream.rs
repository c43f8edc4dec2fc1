//! A stream of an HTTP/2 connection: a request with its response, or a WebSocket.

use std::future::Future;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep};

use super::waiting::{LEAST_TIMEOUT, Waiting};
use crate::node::ServeLimits;
use crate::outbound::{Failure, Standing};
use crate::transport::{SocketActivity, SocketHandle};

tokio::task_local! {
    static CURRENT: Stream;
}

/// How often a stream is looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(5);

/// How often it is asked whether the response to a poll is sent.
const SENT_PERIOD: Duration = Duration::from_secs(1);

/// How long a WebSocket that the hub has left may go on sending the rest.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the stream whose task runs.
///
/// # Panics
///
/// Panics outside of [`Stream::run`].
pub(super) fn current_stream() -> Stream {
    CURRENT.get()
}

/// A stream of an HTTP/2 connection.
#[derive(Clone)]
pub(super) struct Stream(Arc<StreamState>);

struct StreamState {
    handle: SocketHandle,
    connection: Arc<Connection>,
    waiting: Mutex<Option<Waiting>>,
}

/// What the streams of a connection have in common.
pub(super) struct Connection {
    pub(super) local: Option<SocketAddr>,
    pub(super) socket: SocketActivity,
    /// How long a client may take nothing.
    pub(super) timeout: Duration,
    pub(super) limits: Arc<ServeLimits>,
}

impl Stream {
    pub(super) fn new(connection: &Arc<Connection>) -> Self {
        Self(Arc::new(StreamState {
            handle: SocketHandle::of_stream(connection.local),
            connection: Arc::clone(connection),
            waiting: Mutex::default(),
        }))
    }

    /// Returns the stream whose task runs, if it is one's.
    pub(super) fn current() -> Option<Self> {
        CURRENT.try_get().ok()
    }

    pub(super) fn handle(&self) -> &SocketHandle {
        &self.0.handle
    }

    /// Notes that a piece of the response waits for the client.
    pub(super) fn offered(&self) {
        *self.waiting() = Some(Waiting::begin());
    }

    /// Notes that the client has room for more.
    pub(super) fn took(&self) {
        *self.waiting() = None;
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the library's part of the stream.
    pub(super) async fn run(self, part: impl Future<Output = ()>) {
        let part = pin!(CURRENT.scope(self.clone(), part));
        match select(part, pin!(self.look_after_client())).await {
            Either::Left(_) => self.sent().await,
            Either::Right(_) => {
                tracing::debug!(target: "hubwire::serve", "a client reads nothing of a response");
            }
        }
        self.handle().unwatch();
    }

    /// Looks at the client until it is given up.
    async fn look_after_client(&self) {
        loop {
            sleep(LOOK_PERIOD).await;
            if self.look().is_break() {
                return;
            }
        }
    }

    /// Gives the client up if it is overdue.
    fn look(&self) -> ControlFlow<()> {
        let connection = &self.0.connection;
        let Some(waiting) = &mut *self.waiting() else {
            return ControlFlow::Continue(());
        };
        waiting.note(connection.socket.taken(), connection.timeout);
        let is_overdue = waiting.is_overdue(connection.timeout);
        let watch = self.handle().current_watch();
        match watch.as_ref().map(|watch| (watch, watch.standing())) {
            Some((_, Standing::GivenUp)) => return ControlFlow::Break(()),
            _ if !is_overdue => return ControlFlow::Continue(()),
            Some((watch, Standing::Attached(_))) => watch.give_up(Failure::NoProgress),
            Some((_, Standing::Detached)) | None => connection.limits.write_timeout.count(),
        }
        ControlFlow::Break(())
    }

    /// Waits until the client of a poll was sent what the library has of the response, as far as
    /// that is known: until then it is not absent.
    async fn sent(&self) {
        let until = Instant::now() + LEAST_TIMEOUT;
        let socket = &self.0.connection.socket;
        while self.handle().is_finishing() && !socket.is_sent() && Instant::now() < until {
            sleep(SENT_PERIOD).await;
        }
    }

    /// Passes on what a WebSocket sends, until the hub has left it and the rest is sent.
    pub(super) async fn run_web_socket(self, part: impl Future<Output = ()>) {
        let left = async {
            self.handle().left().await;
            sleep(CLOSE_TIMEOUT).await;
        };
        select(pin!(part), pin!(left)).await;
        self.handle().end_stream();
    }
}
