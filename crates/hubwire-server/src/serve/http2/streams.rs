//! The streams of an HTTP/2 connection: their tasks, and how long a client may take nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{Either, select};
use hyper::rt::Executor;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::node::caught;
use crate::outbound::{Failure, Standing};
use crate::transport::SocketHandle;

tokio::task_local! {
    static CURRENT: Stream;
}

/// How often a stream is looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(5);

/// How long a client may take nothing of a response, if its own time limit is not longer: of a
/// connection with many responses, each may have to wait for the others.
const LEAST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a WebSocket that the hub has left may go on sending the rest.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the stream whose task runs.
///
/// # Panics
///
/// Panics outside of the tasks of [`StreamExecutor`].
pub(super) fn current_stream() -> Stream {
    CURRENT.get()
}

/// A stream of an HTTP/2 connection: a request with its response, or a WebSocket.
#[derive(Clone)]
pub(super) struct Stream(Arc<StreamState>);

struct StreamState {
    handle: SocketHandle,
    timeout: Duration,
    /// Since when the client has had no room for a piece of the response.
    waits_since: Mutex<Option<Instant>>,
}

impl Stream {
    fn new(local: Option<SocketAddr>, timeout: Duration) -> Self {
        Self(Arc::new(StreamState {
            handle: SocketHandle::of_stream(local),
            timeout,
            waits_since: Mutex::default(),
        }))
    }

    pub(super) fn handle(&self) -> &SocketHandle {
        &self.0.handle
    }

    /// Notes that a piece of the response waits for the client.
    pub(super) fn offered(&self) {
        *self.waits_since() = Some(Instant::now());
    }

    /// Notes that the client has room for more.
    pub(super) fn took(&self) {
        *self.waits_since() = None;
    }

    fn waits_since(&self) -> MutexGuard<'_, Option<Instant>> {
        let waits_since = self.0.waits_since.lock();
        waits_since.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the client is to be given up.
    async fn overdue(&self) {
        loop {
            sleep(LOOK_PERIOD).await;
            let waits_since = *self.waits_since();
            if waits_since.is_some_and(|since| self.is_overdue(since.elapsed())) {
                return;
            }
        }
    }

    fn is_overdue(&self, waited: Duration) -> bool {
        let watch = self.handle().current_watch();
        match watch.as_ref().map(|watch| (watch, watch.standing())) {
            Some((_, Standing::GivenUp)) => true,
            Some((watch, Standing::Attached(progress))) => {
                let is_overdue = waited >= progress.timeout;
                if is_overdue {
                    watch.give_up(Failure::NoProgress);
                }
                is_overdue
            }
            Some((_, Standing::Detached)) | None => waited >= self.0.timeout.max(LEAST_TIMEOUT),
        }
    }

    /// Runs the library's part of the stream.
    async fn run(self, part: impl Future<Output = ()>) {
        let part = pin!(CURRENT.scope(self.clone(), part));
        match select(part, pin!(self.overdue())).await {
            Either::Left(_) => {}
            Either::Right(_) => {
                tracing::debug!(target: "hubwire::serve", "a client reads nothing of a response");
            }
        }
        // Everything is with the library, or given up.
        self.handle().unwatch();
    }

    /// Passes on what a WebSocket sends, until the hub has left it and the rest is sent.
    async fn run_web_socket(self, part: impl Future<Output = ()>) {
        let left = async {
            self.handle().left().await;
            sleep(CLOSE_TIMEOUT).await;
        };
        select(pin!(part), pin!(left)).await;
    }
}

/// The streams of a connection; dropping this ends them.
pub(super) struct Streams(Arc<StreamsState>);

struct StreamsState {
    local: Option<SocketAddr>,
    timeout: Duration,
    tasks: Mutex<Tasks>,
}

struct Tasks {
    set: JoinSet<()>,
    /// When the last one began or was found to have ended.
    used: Instant,
}

impl Streams {
    pub(super) fn new(local: Option<SocketAddr>, timeout: Duration) -> Self {
        Self(Arc::new(StreamsState {
            local,
            timeout,
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

    /// Waits until there has been no stream for this time.
    pub(super) async fn idle_for(&self, timeout: Duration) {
        loop {
            let Some(until) = self.idle_since().checked_add(timeout) else {
                return std::future::pending().await;
            };
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        let mut tasks = self.0.lock();
        tasks.reap();
        tasks.set.is_empty()
    }

    /// Returns since when there has been no stream; now, if there is one.
    fn idle_since(&self) -> Instant {
        let mut tasks = self.0.lock();
        tasks.reap();
        if !tasks.set.is_empty() {
            tasks.used = Instant::now();
        }
        tasks.used
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
        match CURRENT.try_get() {
            Ok(stream) => streams.spawn(stream.run_web_socket(part)),
            Err(_) => {
                let stream = Stream::new(streams.local, streams.timeout);
                streams.spawn(stream.run(part));
            }
        }
    }
}
