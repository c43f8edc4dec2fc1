//! The entry point: a server and its hubs.

use std::fmt;
use std::sync::Arc;

use hubwire_core::{Backplane, NodeId};
use tokio::runtime::Handle;

use super::{HubBuilder, Server, Statistics};
use crate::hub::Hub;
use crate::node::{Node, RandomSource};

/// A SignalR server: hubs are built from it, and it is what shuts down.
///
/// A handle; clones are the same server.
///
/// ```
/// # use hubwire_server::SignalR;
/// let signalr = SignalR::builder().build();
/// ```
#[derive(Clone)]
pub struct SignalR {
    server: Arc<Server>,
}

impl SignalR {
    /// A server in memory, with every option at its default.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins to configure a server.
    #[must_use]
    pub fn builder() -> SignalRBuilder {
        SignalRBuilder::default()
    }

    /// Begins to configure a hub.
    #[must_use]
    pub fn hub<H: Hub>(&self) -> HubBuilder<H> {
        HubBuilder::new(Arc::clone(&self.server))
    }

    /// Ends every connection so that its client comes back, to this or another node.
    ///
    /// From now on negotiation responds with 503. Every client gets Close with leave to reconnect, then its
    /// transport ends, hooks run, and hub methods that still run are waited for, 20 s in all; what does not end
    /// at once when it is then told to is left behind, with a warning. [`crate::serve()`] calls it.
    ///
    /// # Cancellation
    ///
    /// A future dropped after its first poll leaves the connections ending by themselves.
    pub async fn shutdown(&self) {
        self.server.shutdown().await;
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        self.server.node()
    }

    /// How much the server holds at the moment.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.server.statistics()
    }

    /// The node's name in its farm; fresh for every server.
    #[must_use]
    pub fn node_id(&self) -> &NodeId {
        self.server.node().id()
    }
}

impl Default for SignalR {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SignalR {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

/// Configures a server.
#[derive(Default)]
pub struct SignalRBuilder {
    backplane: Option<Arc<dyn Backplane>>,
    random: Option<RandomSource>,
    maximum_orphaned_calls: Option<usize>,
}

impl SignalRBuilder {
    /// Links the server with the other nodes of a farm. Default: none, everything stays in memory.
    #[must_use]
    pub fn backplane(mut self, backplane: impl Backplane) -> Self {
        self.backplane = Some(Arc::new(backplane));
        self
    }

    /// Where ids and tokens come from. Default: the system's secure generator.
    #[must_use]
    pub fn random_source(mut self, random: RandomSource) -> Self {
        self.random = Some(random);
        self
    }

    /// How many calls may run on after their connections have ended, on this node. Default 10,000.
    ///
    /// Beyond it the newest call of the user that has most of them is dropped, or of the address (an IPv6
    /// network of 64 bits) where its connection had no user. ASP.NET Core has no limit; but who calls a
    /// method that takes long, leaves and comes back would else fill the memory.
    ///
    /// ```
    /// # use hubwire_server::SignalR;
    /// let signalr = SignalR::builder().maximum_orphaned_calls(1_000).build();
    /// assert_eq!(signalr.statistics().orphaned_calls, 0);
    /// ```
    #[must_use]
    pub fn maximum_orphaned_calls(mut self, count: usize) -> Self {
        self.maximum_orphaned_calls = Some(count);
        self
    }

    /// Builds the server. Its tasks start with the first connection.
    ///
    /// Inside a runtime it gets one flusher for each worker; built outside of one, a single flusher.
    #[must_use]
    pub fn build(self) -> SignalR {
        let workers = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        let random = self.random.unwrap_or_else(RandomSource::system);
        let server = Server::new(random, workers, self.backplane);
        if let Some(maximum) = self.maximum_orphaned_calls {
            server.node().orphaned_calls().set_maximum(maximum);
        }
        SignalR {
            server: Arc::new(server),
        }
    }
}

impl fmt::Debug for SignalRBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalRBuilder").finish_non_exhaustive()
    }
}
