//! The entry point: a server and its hubs.

use std::fmt;
use std::sync::Arc;

use hubwire_core::{Backplane, HubLifetimeManager, NodeId};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{HubBuilder, Server, Statistics};
use crate::hub::{Filters, Hub, HubContext, HubFilter, short_type_name};
use crate::node::{Node, RandomSource, ServerOptions};

/// A SignalR server: hubs are built from it, and it is what shuts down.
///
/// A handle; clones are the same server.
///
/// ```
/// use hubwire::SignalR;
///
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

    /// The hub of this type, as the rest of the program sees it, for where its handle is not at hand.
    ///
    /// # Panics
    ///
    /// If no hub of this type was built, or nobody holds it any more (neither its handle nor a router with its
    /// endpoint), or if the type is built under several names: [`HubHandle::context`](crate::HubHandle::context)
    /// says which is meant.
    ///
    /// ```
    /// use hubwire::{SignalR, hub};
    ///
    /// struct ChatHub;
    ///
    /// #[hub]
    /// impl ChatHub {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::SendError> {
    /// let signalr = SignalR::new();
    /// let chat = signalr.hub().build(ChatHub);
    /// signalr.context::<ChatHub>().clients().all().send("ServerTime", ("12:00",)).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn context<H: Hub>(&self) -> HubContext<H> {
        let hubs = self.server.hubs().of_type::<H>();
        let hub = match &*hubs {
            [hub] => hub,
            [] => panic!(
                "There is no hub of the type `{}`: build it first, and keep it",
                short_type_name::<H>()
            ),
            [one, other, ..] => panic!(
                "The type `{}` is built as `{}` and as `{}`: take `context()` of the `HubHandle` that is meant",
                short_type_name::<H>(),
                one.name(),
                other.name()
            ),
        };
        HubContext::new(Arc::clone(hub.lifetime()) as Arc<dyn HubLifetimeManager>)
    }

    /// Ends every connection so that its client comes back, to this or another node.
    ///
    /// From now on negotiation responds with 503. Every client gets Close with leave to reconnect, then its
    /// transport ends, hooks run, and hub methods that still run are waited for, 20 s in all; what does not end
    /// at once when it is then told to is left behind, with a warning. [`serve()`](crate::serve()) calls it.
    ///
    /// # Cancellation
    ///
    /// A future dropped after its first poll leaves the connections ending by themselves.
    pub async fn shutdown(&self) {
        self.server.shutdown().await;
    }

    /// Fires when [`SignalR::shutdown`] begins: when clients are told to come back, and what is sent reaches nobody.
    ///
    /// For timers and jobs, which belong to the application: a shutdown waits for none of them. Each token is one of
    /// its own, to be kept, cloned or cancelled. As long as the server is not shut down it does not fire, also when
    /// every handle of it is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hubwire::{SignalR, Timestamp, hub};
    ///
    /// struct ClockHub;
    ///
    /// #[hub]
    /// impl ClockHub {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let signalr = SignalR::new();
    /// let clock = signalr.hub().build(ClockHub);
    ///
    /// let (everybody, shutdown) = (clock.context().clients().all(), signalr.shutdown_token());
    /// let timer = tokio::spawn(shutdown.run_until_cancelled_owned(async move {
    ///     let mut ticks = tokio::time::interval(Duration::from_secs(5));
    ///     loop {
    ///         ticks.tick().await;
    ///         if let Err(error) = everybody.send("Tick", (Timestamp::now(),)).await {
    ///             tracing::warn!(%error, "nobody was told the time");
    ///         }
    ///     }
    /// }));
    ///
    /// signalr.shutdown().await; // `serve` does
    /// timer.await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn shutdown_token(&self) -> CancellationToken {
        self.server.node().shutdown_token()
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
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
///
/// ```
/// use hubwire::SignalR;
/// use hubwire::backplane::InProcessFarm;
///
/// let farm = InProcessFarm::new();
/// let signalr = SignalR::builder()
///     .backplane(farm.node())
///     .maximum_outbound_memory(64 * 1024 * 1024)
///     .build();
/// ```
#[derive(Default)]
pub struct SignalRBuilder {
    backplane: Option<Arc<dyn Backplane>>,
    random: Option<RandomSource>,
    options: ServerOptions,
    filters: Filters,
}

impl SignalRBuilder {
    /// Links the server with the other nodes of a farm. Default: none, everything stays in memory.
    ///
    /// Hubs of one name are one hub on all nodes. Two applications that share a broker need backplanes that keep
    /// them apart, with a prefix of their own, or names of their own for their hubs: [`HubBuilder::name`].
    #[must_use]
    pub fn backplane(mut self, backplane: impl Backplane) -> Self {
        self.backplane = Some(Arc::new(backplane));
        self
    }

    /// Runs a filter around the calls and hooks of every hub, within those that were added before.
    ///
    /// See [`HubFilter`].
    #[must_use]
    pub fn filter(mut self, filter: impl HubFilter) -> Self {
        self.filters.push(filter);
        self
    }

    /// All options at once.
    #[must_use]
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.options = options;
        self
    }

    /// See [`ServerOptions::maximum_outbound_memory`].
    #[must_use]
    pub fn maximum_outbound_memory(mut self, bytes: usize) -> Self {
        self.options.maximum_outbound_memory = bytes;
        self
    }

    /// See [`ServerOptions::outbound_victim_size`].
    #[must_use]
    pub fn outbound_victim_size(mut self, bytes: usize) -> Self {
        self.options.outbound_victim_size = bytes;
        self
    }

    /// See [`ServerOptions::outbound_turn_size`].
    #[must_use]
    pub fn outbound_turn_size(mut self, bytes: usize) -> Self {
        self.options.outbound_turn_size = bytes;
        self
    }

    /// See [`ServerOptions::unflushed_size`].
    #[must_use]
    pub fn unflushed_size(mut self, bytes: usize) -> Self {
        self.options.unflushed_size = bytes;
        self
    }

    /// Where ids and tokens come from. Default: the system's secure generator.
    #[must_use]
    pub fn random_source(mut self, random: RandomSource) -> Self {
        self.random = Some(random);
        self
    }

    /// See [`ServerOptions::maximum_orphaned_calls`].
    #[must_use]
    pub fn maximum_orphaned_calls(mut self, count: usize) -> Self {
        self.options.maximum_orphaned_calls = count;
        self
    }

    /// Builds the server. Its tasks start with the first connection.
    ///
    /// Inside a runtime it gets one flusher for each worker; built outside of one, a single flusher.
    #[must_use]
    pub fn build(self) -> SignalR {
        let workers = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        let random = self.random.unwrap_or_else(RandomSource::system);
        SignalR {
            server: Arc::new(Server::new(
                random,
                workers,
                self.options,
                self.backplane,
                self.filters,
            )),
        }
    }
}

impl fmt::Debug for SignalRBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalRBuilder").finish_non_exhaustive()
    }
}
