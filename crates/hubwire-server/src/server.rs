//! What the hubs of one process share: clock, ids, flushers, table of tokens, shutdown.

mod builder;
mod connection_table;
mod hub_builder;
mod limits;
mod random;
mod runtime;
mod statistics;
mod sweep;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

pub use builder::{SignalR, SignalRBuilder};
pub(crate) use connection_table::{Attach, ConnectionTable, ConnectionToken, Slot};
pub use hub_builder::{HubBuilder, HubHandle};
use hubwire_core::{Backplane, HubName, NodeId};
pub(crate) use limits::Limits;
pub use random::RandomSource;
pub(crate) use runtime::HubRuntime;
pub use statistics::Statistics;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{EndReason, Flushers, ServerClock};

/// How long a shutdown waits for connections, hooks and methods to end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(20);

/// One node: all that its hubs share.
pub(crate) struct Server {
    node: NodeId,
    clock: ServerClock,
    random: RandomSource,
    flushers: Arc<Flushers>,
    backplane: Option<Arc<dyn Backplane>>,
    table: ConnectionTable,
    limits: Limits,
    hubs: Mutex<Vec<Weak<HubRuntime>>>,
    /// Connections and what they leave running.
    tracker: TaskTracker,
    /// Flushers, the sweep, the backplane's events.
    background: TaskTracker,
    started: OnceLock<()>,
    draining: AtomicBool,
    stop: CancellationToken,
}

impl Server {
    pub(crate) fn new(
        random: RandomSource,
        flushers: usize,
        backplane: Option<Arc<dyn Backplane>>,
    ) -> Self {
        Self {
            node: NodeId::new(random.text::<6>()),
            clock: ServerClock::new(),
            random,
            flushers: Arc::new(Flushers::new(flushers)),
            backplane,
            table: ConnectionTable::default(),
            limits: Limits::default(),
            hubs: Mutex::default(),
            tracker: TaskTracker::new(),
            background: TaskTracker::new(),
            started: OnceLock::new(),
            draining: AtomicBool::new(false),
            stop: CancellationToken::new(),
        }
    }

    pub(crate) fn node(&self) -> &NodeId {
        &self.node
    }

    pub(crate) fn clock(&self) -> ServerClock {
        self.clock
    }

    pub(crate) fn random(&self) -> &RandomSource {
        &self.random
    }

    pub(crate) fn flushers(&self) -> &Arc<Flushers> {
        &self.flushers
    }

    pub(crate) fn backplane(&self) -> Option<&Arc<dyn Backplane>> {
        self.backplane.as_ref()
    }

    pub(crate) fn table(&self) -> &ConnectionTable {
        &self.table
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    /// Fires when the shutdown's grace is over.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(crate) fn add_hub(&self, hub: &Arc<HubRuntime>) {
        self.hubs_lock().push(Arc::downgrade(hub));
    }

    pub(crate) fn hubs(&self) -> Vec<Arc<HubRuntime>> {
        self.hubs_lock().iter().filter_map(Weak::upgrade).collect()
    }

    pub(crate) fn hub(&self, name: &HubName) -> Option<Arc<HubRuntime>> {
        self.hubs().into_iter().find(|hub| hub.name() == name)
    }

    fn hubs_lock(&self) -> MutexGuard<'_, Vec<Weak<HubRuntime>>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the tasks that serve all connections, the first time; must run inside a runtime.
    pub(crate) fn start(self: &Arc<Self>) {
        self.started.get_or_init(|| {
            for flusher in self.flushers.iter() {
                let run = Arc::clone(flusher).run(self.stop.clone());
                self.background.spawn(run);
            }
            self.spawn_background(sweep::run(Arc::downgrade(self)));
            if let Some(backplane) = &self.backplane {
                let events =
                    crate::lifetime::receive_events(Arc::clone(backplane), Arc::downgrade(self));
                self.spawn_background(events);
            }
        });
    }

    fn spawn_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.background.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// See [`SignalR::shutdown`].
    pub(crate) async fn shutdown(&self) {
        self.draining.store(true, Ordering::Release);
        for connection in self.table.drain() {
            connection.end(EndReason::Shutdown);
        }
        self.tracker.close();
        if tokio::time::timeout(SHUTDOWN_GRACE, self.tracker.wait())
            .await
            .is_err()
        {
            let left = self.tracker.len();
            tracing::warn!(target: "hubwire::connection", left, "the shutdown's grace is over");
            self.table.abort_all();
        }
        for hub in self.hubs() {
            if let Some(cluster) = hub.lifetime().cluster() {
                cluster.stop().await;
            }
        }
        self.stop.cancel();
        self.background.close();
        self.background.wait().await;
        self.tracker.wait().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
