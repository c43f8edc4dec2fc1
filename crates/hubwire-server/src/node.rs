//! The shared facilities of a node: clock, random source, limits, options and tasks.

mod admission;
mod background;
mod clock;
mod drops;
mod giving_way;
mod guarded;
mod in_span;
mod limits;
mod line_budget;
mod metric;
mod options;
mod orphaned_calls;
mod panics;
mod random;
mod repeated;
mod repeated_kinds;
mod scratch;
mod tally;
mod trusted_proxies;
mod turn;
mod waker;
mod writers;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

pub(crate) use admission::{Admission, ConnectionPermit, Refusal};
use background::{Background, Runner};
pub(crate) use clock::{NodeClock, deadline_after};
pub(crate) use drops::{DropReason, Drops};
pub(crate) use giving_way::wake_oneself;
use guarded::caught_whole;
pub(crate) use guarded::{
    ConnectionLabel, Guarded, Panic, Whose, caught, drop_each, fire, guarded, guarded_step,
    guarded_step_of,
};
use hubwire_core::NodeId;
pub(crate) use in_span::{EnabledSpan, InSpan};
pub(crate) use limits::{Limit, Limits, ServeLimits};
pub(crate) use metric::{
    ACCEPT_FAILURES, BACKPLANE_RECEIVED, BACKPLANE_UNSENT, CONNECTION_DURATION, CONNECTIONS_LET_GO,
    Count, DEPRECATED_CALLS, HANDSHAKE_REFUSALS, INVOCATION_DURATION, INVOCATION_INNER_DURATION,
    NodeMetrics, REFUSED_CALLS, REFUSED_STREAM_ITEMS, Received, SENDS, Traffic, record,
};
pub use metric::{METRICS, Metric, MetricKind, MetricUnit, describe_metrics};
pub(crate) use options::ErrorDetail;
pub use options::{
    Configuration, DeadPeerTimeouts, EndpointOptions, HubOptions, InvalidOption, KeepConnection,
    KeepRequest, ServeOptions, ServerOptions,
};
pub(crate) use options::{
    Configure, EndpointDefaults, OptionLevels, endpoint_option_setters, hub_option_setters,
    serve_option_setters, server_option_setters, transport_tag,
};
pub(crate) use orphaned_calls::{OrphanedCall, OrphanedCalls, Owner};
use panics::Panics;
pub use random::RandomSource;
pub(crate) use repeated::{Occurrences, Repeated};
pub(crate) use repeated_kinds::RepeatedKinds;
pub(crate) use scratch::with_scratch;
pub(crate) use tally::Tally;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
pub(crate) use trusted_proxies::TrustedProxies;
pub(crate) use turn::Turn;
pub(crate) use waker::replace_waker;
use writers::Writers;

/// One node of a farm, or the only node.
pub(crate) struct Node {
    id: NodeId,
    clock: NodeClock,
    random: RandomSource,
    trusted_proxies: TrustedProxies,
    limits: Limits,
    drops: Drops,
    metrics: NodeMetrics,
    orphaned_calls: Arc<OrphanedCalls>,
    panics: Arc<Panics>,
    /// Sessions and the tasks that they leave running.
    tracker: TaskTracker,
    background: Background,
    writers: Writers,
    draining: AtomicBool,
    /// Fires when the shutdown begins, for the application's tasks.
    shutdown: CancellationToken,
    /// Fires when the shutdown's grace period is over, or the node is dropped.
    stop: CancellationToken,
}

impl Node {
    /// Creates a node for a runtime with this many workers.
    pub(crate) fn new(
        random: RandomSource,
        workers: usize,
        options: &ServerOptions,
        trusted_proxies: TrustedProxies,
    ) -> Self {
        let orphaned_calls = OrphanedCalls::new(options.maximum_orphaned_calls);
        Self {
            id: NodeId::new(random.text::<6>()),
            clock: NodeClock::new(),
            random,
            trusted_proxies,
            limits: Limits::default(),
            drops: Drops::default(),
            metrics: NodeMetrics::default(),
            orphaned_calls: Arc::new(orphaned_calls),
            panics: Arc::new(Panics::new()),
            tracker: TaskTracker::new(),
            background: Background::default(),
            writers: Writers::new(workers),
            draining: AtomicBool::new(false),
            shutdown: CancellationToken::new(),
            stop: CancellationToken::new(),
        }
    }

    pub(crate) fn id(&self) -> &NodeId {
        &self.id
    }

    /// Returns the milliseconds since the node was built.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Returns the milliseconds from when the node was built to when this much time has passed.
    pub(crate) fn after(&self, time: Duration) -> u64 {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.now().saturating_add(time)
    }

    /// Returns the milliseconds from when the node was built to a time of the calendar; up to now if
    /// that is past.
    pub(crate) fn at_calendar_time(&self, time: SystemTime) -> u64 {
        self.clock.at_calendar_time(time)
    }

    /// Returns the milliseconds from when the node was built to this time.
    pub(crate) fn at(&self, time: Instant) -> u64 {
        self.clock.at(time)
    }

    /// Returns the seconds since the node was built, as of the last sweep: up to one too few.
    pub(crate) fn seconds(&self) -> u32 {
        self.clock.seconds()
    }

    /// Updates [`Node::seconds`]; called by the sweep.
    pub(crate) fn tick(&self) {
        self.clock.tick();
    }

    #[cfg(test)]
    pub(crate) fn tick_to(&self, seconds: u32) {
        self.clock.tick_to(seconds);
    }

    pub(crate) fn random(&self) -> &RandomSource {
        &self.random
    }

    pub(crate) fn trusted_proxies(&self) -> &TrustedProxies {
        &self.trusted_proxies
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn drops(&self) -> &Drops {
        &self.drops
    }

    pub(crate) fn metrics(&self) -> &NodeMetrics {
        &self.metrics
    }

    pub(crate) fn orphaned_calls(&self) -> &Arc<OrphanedCalls> {
        &self.orphaned_calls
    }

    pub(crate) fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
        fire(None, &self.shutdown);
    }

    /// Returns a token that fires when the node begins to drain; cancelling it affects nothing
    /// else.
    pub(crate) fn shutdown_token(&self) -> CancellationToken {
        self.shutdown.child_token()
    }

    /// Stores the function that creates a task for all connections; the task must not keep the
    /// node alive.
    pub(crate) fn prepare<T>(&self, make: impl Fn() -> T + Send + 'static)
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let panics = Arc::clone(&self.panics);
        let make = Box::new(move || Box::pin(panics::counted(&panics, make())) as _);
        self.background.prepare(Runner::Runtime, make);
    }

    /// Like [`Node::prepare`], for a task that only passes messages to clients and runs no hub
    /// code.
    pub(crate) fn prepare_writer<T>(&self, make: impl Fn() -> T + Send + 'static)
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let panics = Arc::clone(&self.panics);
        let make = Box::new(move || Box::pin(panics::counted(&panics, make())) as _);
        self.background.prepare(Runner::Writers, make);
    }

    /// Starts the tasks for all connections, unless they are running. Must be called inside a
    /// runtime.
    pub(crate) fn start(&self) {
        self.background.start(&self.writers, &self.stop);
    }

    /// Runs a task that only writes to a client, and ends with its connection.
    pub(crate) fn spawn_writer(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task = panics::counted(&self.panics, task);
        match self.writers.handle() {
            Some(handle) => self.tracker.spawn_on(task, handle),
            None => self.tracker.spawn(task),
        };
    }

    /// Runs a task of a session or a hub until the shutdown's grace period is over.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker
            .spawn(panics::counted(&self.panics, async move {
                stop.run_until_cancelled(task).await;
            }));
    }

    /// Runs the task of a session, which notices by itself that the node stops.
    pub(crate) fn spawn_session(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        let task = panics::counted(&self.panics, task);
        self.tracker.spawn(task).abort_handle()
    }

    /// Runs a step of a task that is not the node's, and counts its panics as the node's.
    pub(crate) fn counting_panics<R>(&self, step: impl FnOnce() -> R) -> R {
        panics::counted_in(&self.panics, step)
    }

    /// Resolves like a future that runs in no task of the node's. If a poll of it or its drop
    /// panics, it resolves to `None`, and the panic is logged, and counted as the node's.
    pub(crate) fn guarded_future<F: Future>(
        &self,
        what: &'static str,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + use<F> {
        let run = caught_whole(future);
        panics::counted(&self.panics, async move {
            run.await.map_err(|panic| panic.log(what)).ok()
        })
    }

    /// Passes on what was counted for the metrics of the node itself.
    pub(crate) fn pass_on_metrics(&self) {
        self.limits.pass_on();
        self.drops.pass_on();
        self.metrics.pass_on();
        self.panics.pass_on();
    }

    /// Logs the panics that were counted since the last line about their places.
    pub(crate) fn say_the_rest_of_panics(&self) {
        self.panics.say_the_rest();
    }

    /// Ends all running tasks, and resolves once they have ended.
    pub(crate) async fn stop_tasks(&self) {
        self.stop.cancel();
        self.background.ended().await;
        self.tracker.wait().await;
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
