//! The streams of an HTTP/2 connection: their tasks, and since when there has been none.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::stream::{Connection, Stream};
use super::waiting::LEAST_TIMEOUT;
use crate::node::{ServeLimits, caught};
use crate::transport::SocketActivity;

/// The streams of a connection; dropping this ends them.
pub(super) struct Streams(Arc<StreamsState>);

struct StreamsState {
    connection: Arc<Connection>,
    tasks: Mutex<Tasks>,
}

struct Tasks {
    set: JoinSet<()>,
    /// When the last one began or was found to have ended.
    used: Instant,
}

impl Streams {
    pub(super) fn new(
        local: Option<SocketAddr>,
        socket: SocketActivity,
        timeout: Duration,
        limits: Arc<ServeLimits>,
    ) -> Self {
        let connection = Connection {
            local,
            socket,
            timeout: timeout.max(LEAST_TIMEOUT),
            limits,
        };
        Self(Arc::new(StreamsState {
            connection: Arc::new(connection),
            tasks: Mutex::new(Tasks {
                set: JoinSet::new(),
                used: Instant::now(),
            }),
        }))
    }

    /// Returns what the library runs its streams with. They hold it, so it does not own them.
    pub(super) fn executor(&self) -> StreamExecutor {
        StreamExecutor(Arc::downgrade(&self.0))
    }

    /// Returns whether there is no stream, and nothing left to be sent.
    pub(super) fn is_idle(&self) -> bool {
        let mut tasks = self.0.lock();
        tasks.reap();
        tasks.set.is_empty() && self.0.connection.socket.is_sent()
    }

    /// Waits until for this time there has been no stream, and nothing was sent.
    pub(super) async fn idle_for(&self, timeout: Duration) {
        loop {
            // What is left to be sent has as long as what waits.
            let timeout = match self.0.connection.socket.is_sent() {
                true => timeout,
                false => timeout.max(LEAST_TIMEOUT),
            };
            let Some(until) = self.used().checked_add(timeout) else {
                return std::future::pending().await;
            };
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    /// Returns when there last was a stream, or something was sent; the library still sends the end
    /// of a response when its stream is done here.
    fn used(&self) -> Instant {
        let mut tasks = self.0.lock();
        tasks.reap();
        if !tasks.set.is_empty() {
            tasks.used = Instant::now();
        }
        tasks.used.max(self.0.connection.socket.last_write())
    }
}

impl StreamsState {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.lock();
        tasks.reap();
        tasks.used = Instant::now();
        tasks.set.spawn(async {
            // A handler of the application may panic; that resets its stream.
            if let Err(panic) = caught(task).await {
                panic.log("the serving of an HTTP/2 stream");
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tasks {
    fn reap(&mut self) {
        while self.set.try_join_next().is_some() {
            self.used = Instant::now();
        }
    }
}

/// Runs the streams of a connection as long as it lasts.
#[derive(Clone)]
pub(super) struct StreamExecutor(Weak<StreamsState>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    /// The library runs a request's task and, from there, that of its WebSocket.
    fn execute(&self, part: F) {
        let Some(streams) = self.0.upgrade() else {
            return;
        };
        match Stream::current() {
            Some(stream) => streams.spawn(stream.run_web_socket(part)),
            None => {
                let stream = Stream::new(&streams.connection);
                streams.spawn(stream.run(part));
            }
        }
    }
}
