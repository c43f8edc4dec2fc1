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

use crate::node::{ServeLimits, caught};
use crate::outbound::{Failure, Standing};
use crate::transport::{SocketActivity, SocketHandle};

tokio::task_local! {
    static CURRENT: Stream;
}

/// How often a stream is looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(5);

/// How long a client may take nothing at all while responses wait, if the time limit of a write is
/// not longer.
const LEAST_TIMEOUT: Duration = Duration::from_secs(60);

/// How many times as long a client may take nothing of one response while it takes others: with
/// many on a slow line, each has to wait, and a client may let out much at once, and rarely.
const OTHERS_FIRST: u32 = 10;

/// How many bytes a second are something, as in Kestrel (`MinResponseDataRate`).
const LEAST_RATE: u64 = 240;

/// How often it is asked whether the response to a poll is sent.
const SENT_PERIOD: Duration = Duration::from_secs(1);

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
    connection: Arc<Connection>,
    waits: Mutex<Option<Waits>>,
}

/// A piece of a response for which the client has no room.
#[derive(Clone, Copy)]
struct Waits {
    since: Instant,
    /// How many bytes the client had taken of all responses when it last took enough, and when.
    taken: u64,
    taken_at: Instant,
}

impl Stream {
    fn new(connection: &Arc<Connection>) -> Self {
        Self(Arc::new(StreamState {
            handle: SocketHandle::of_stream(connection.local),
            connection: Arc::clone(connection),
            waits: Mutex::default(),
        }))
    }

    pub(super) fn handle(&self) -> &SocketHandle {
        &self.0.handle
    }

    /// Notes that a piece of the response waits for the client.
    pub(super) fn offered(&self) {
        let now = Instant::now();
        *self.waits() = Some(Waits {
            since: now,
            taken: 0,
            taken_at: now,
        });
    }

    /// Notes that the client has room for more.
    pub(super) fn took(&self) {
        *self.waits() = None;
    }

    fn waits(&self) -> MutexGuard<'_, Option<Waits>> {
        self.0.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the client is to be given up.
    async fn overdue(&self) {
        loop {
            sleep(LOOK_PERIOD).await;
            let is_overdue = match &mut *self.waits() {
                Some(waits) => self.0.connection.is_overdue(waits),
                None => continue,
            };
            if self.is_given_up(is_overdue) {
                return;
            }
        }
    }

    fn is_given_up(&self, is_overdue: bool) -> bool {
        let watch = self.handle().current_watch();
        match watch.as_ref().map(|watch| (watch, watch.standing())) {
            Some((_, Standing::GivenUp)) => return true,
            Some((watch, Standing::Attached(_))) if is_overdue => {
                watch.give_up(Failure::NoProgress);
            }
            Some((_, Standing::Detached)) | None if is_overdue => {
                self.0.connection.limits.write_timeout.count();
            }
            _ => {}
        }
        is_overdue
    }

    /// Runs the library's part of the stream.
    async fn run(self, part: impl Future<Output = ()>) {
        let part = pin!(CURRENT.scope(self.clone(), part));
        match select(part, pin!(self.overdue())).await {
            Either::Left(_) => self.sent().await,
            Either::Right(_) => {
                tracing::debug!(target: "hubwire::serve", "a client reads nothing of a response");
            }
        }
        self.handle().unwatch();
    }

    /// Waits until the client of a poll was sent what the library has of the response, as far as
    /// that is known: until then it is not absent.
    async fn sent(&self) {
        let until = Instant::now() + LEAST_TIMEOUT;
        let connection = &self.0.connection;
        while self.handle().is_finishing() && !connection.socket.is_sent() && Instant::now() < until
        {
            sleep(SENT_PERIOD).await;
        }
    }

    /// Passes on what a WebSocket sends, until the hub has left it and the rest is sent.
    async fn run_web_socket(self, part: impl Future<Output = ()>) {
        let left = async {
            self.handle().left().await;
            sleep(CLOSE_TIMEOUT).await;
        };
        select(pin!(part), pin!(left)).await;
        self.handle().end_stream();
    }
}

/// What the streams of a connection have in common.
struct Connection {
    local: Option<SocketAddr>,
    socket: SocketActivity,
    timeout: Duration,
    limits: Arc<ServeLimits>,
}

impl Connection {
    /// Returns whether too little is taken for too long: of all responses, or of this one.
    fn is_overdue(&self, waits: &mut Waits) -> bool {
        let taken = self.socket.taken();
        let enough = LEAST_RATE * self.timeout.as_secs();
        if taken >= waits.taken.saturating_add(enough) {
            waits.taken = taken;
            waits.taken_at = Instant::now();
        }
        waits.taken_at.elapsed() >= self.timeout
            || waits.since.elapsed() >= self.timeout.saturating_mul(OTHERS_FIRST)
    }
}

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
        match CURRENT.try_get() {
            Ok(stream) => streams.spawn(stream.run_web_socket(part)),
            Err(_) => {
                let stream = Stream::new(&streams.connection);
                streams.spawn(stream.run(part));
            }
        }
    }
}
