//! The parts of a server joined together: the hubs of one process, their connections and their
//! shutdown.

mod backplane_events;
mod builder;
mod connection_handlers;
mod hub_builder;
mod hubs;
mod metrics;
mod option_setters;
mod statistics;
mod sweep;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use builder::{SignalR, SignalRBuilder};
pub use hub_builder::{HubBuilder, HubHandle};
use hubs::Hubs;
use hubwire_core::Backplane;
use metrics::Measured;
pub use statistics::Statistics;

use crate::connection::DisconnectReason;
use crate::endpoint::{Access, AnyAuthenticator, Authentication, ConnectionTable};
use crate::hub::{Filters, Policies, Policy};
use crate::node::{Node, OptionLevels, RandomSource, ServerOptions, TrustedProxies};
use crate::outbound::Flushers;

/// How long a shutdown waits for connections, hooks and methods to end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(20);

/// How long a shutdown waits for tasks that were told to end at once.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// What all hubs of a server begin with, besides options.
#[derive(Clone, Debug, Default)]
pub(crate) struct Common {
    pub(crate) filters: Filters,
    pub(crate) policies: Policies,
    pub(crate) authenticator: Option<Arc<dyn AnyAuthenticator>>,
}

/// What all hubs of one node share.
pub(crate) struct Server {
    node: Arc<Node>,
    flushers: Arc<Flushers>,
    options: Arc<OptionLevels>,
    backplane: Option<Arc<dyn Backplane>>,
    common: Common,
    table: Arc<ConnectionTable>,
    hubs: Arc<Hubs>,
}

impl Server {
    pub(crate) fn new(
        random: RandomSource,
        workers: usize,
        options: &ServerOptions,
        trusted_proxies: TrustedProxies,
        levels: OptionLevels,
        backplane: Option<Arc<dyn Backplane>>,
        common: Common,
    ) -> Self {
        let server = Self {
            node: Arc::new(Node::new(random, workers, options, trusted_proxies)),
            flushers: Arc::new(Flushers::new(workers, options)),
            options: Arc::new(levels),
            backplane,
            common,
            table: Arc::new(ConnectionTable::new(
                options.maximum_negotiated_ids_per_address,
            )),
            hubs: Arc::default(),
        };
        server.prepare();
        server
    }

    /// Prepares the tasks that serve all connections; they end with the node, not with this
    /// server.
    fn prepare(&self) {
        for flusher in self.flushers.iter() {
            let flusher = Arc::clone(flusher);
            self.node.prepare_writer(move || Arc::clone(&flusher).run());
        }
        let (table, hubs) = (Arc::clone(&self.table), Arc::clone(&self.hubs));
        let (node, flushers) = (Arc::downgrade(&self.node), Arc::clone(&self.flushers));
        let options = Arc::clone(&self.options);
        self.node.prepare(move || {
            let (table, hubs) = (Arc::clone(&table), Arc::clone(&hubs));
            let (node, flushers) = (Weak::clone(&node), Arc::clone(&flushers));
            let options = Arc::clone(&options);
            async move {
                warn_of_unknown_hubs(&options, &hubs);
                sweep::run(node, table, hubs, flushers).await;
            }
        });
        if let Some(backplane) = &self.backplane {
            let (backplane, hubs) = (Arc::clone(backplane), Arc::clone(&self.hubs));
            // On the writers' threads, hub code cannot block messages from other nodes.
            self.node.prepare_writer(move || {
                backplane_events::receive(Arc::clone(&backplane), Arc::clone(&hubs))
            });
        }
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    pub(crate) fn flushers(&self) -> &Arc<Flushers> {
        &self.flushers
    }

    pub(crate) fn backplane(&self) -> Option<&Arc<dyn Backplane>> {
        self.backplane.as_ref()
    }

    /// The options that hubs and endpoints begin with.
    pub(crate) fn options(&self) -> &OptionLevels {
        &self.options
    }

    pub(crate) fn common(&self) -> &Common {
        &self.common
    }

    /// Returns who determines the users of requests, if there is somebody.
    pub(crate) fn authentication(&self) -> Option<Authentication> {
        let authenticator = self.common.authenticator.as_ref()?;
        let node = Arc::clone(&self.node);
        Some(Authentication::new(Arc::clone(authenticator), node))
    }

    /// Returns who may use endpoints that ask for this policy.
    pub(crate) fn access(&self, policy: Option<Policy>) -> Access {
        Access::new(self.authentication(), policy)
    }

    pub(crate) fn table(&self) -> &Arc<ConnectionTable> {
        &self.table
    }

    pub(crate) fn hubs(&self) -> &Hubs {
        &self.hubs
    }

    /// Does the same as [`SignalR::shutdown`].
    pub(crate) async fn shutdown(&self) {
        self.node.start_draining();
        for connection in self.table.drain() {
            connection.end(DisconnectReason::ServerShutdown);
        }
        let tracker = self.node.tracker();
        tracker.close();
        if tokio::time::timeout(SHUTDOWN_GRACE, tracker.wait())
            .await
            .is_err()
        {
            let left = tracker.len();
            tracing::warn!(target: "hubwire::connection", left, "the shutdown's grace is over");
            self.table.abort_all();
        }
        let left = async {
            for hub in self.hubs.all() {
                hub.lifetime().stop().await;
            }
        };
        if tokio::time::timeout(LAST_GRACE, left).await.is_err() {
            tracing::warn!(target: "hubwire::backplane", "the broker did not confirm that the node leaves");
        }
        let ended = self.node.stop_tasks();
        if tokio::time::timeout(LAST_GRACE, ended).await.is_err() {
            let left = tracker.len();
            tracing::warn!(target: "hubwire::connection", left, "tasks that block their threads are left behind");
        }
        // The sweep, which has done this until now, has ended.
        self.pass_on_metrics();
    }

    fn pass_on_metrics(&self) {
        let (mut measured, hubs) = (Measured::default(), self.hubs.all());
        for hub in &hubs {
            let connections = hub.lifetime().connections();
            connections.for_each(|connection| measured.add(connection));
        }
        measured.pass_on(&self.node, &self.flushers, &hubs);
    }
}

/// Logs the hubs that the configuration speaks of and that nobody has built.
fn warn_of_unknown_hubs(options: &OptionLevels, hubs: &Hubs) {
    for hub in options.configured_hubs() {
        if hubs.all().iter().all(|built| built.name().as_str() != hub) {
            tracing::warn!(target: "hubwire::options", hub, "the configuration has options of a hub that does not exist");
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
