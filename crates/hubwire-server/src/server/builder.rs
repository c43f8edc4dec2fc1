//! The entry point: a server and its hubs.

use std::fmt;
use std::sync::Arc;

use hubwire_core::{Backplane, HubLifetimeManager, NodeId};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{Common, HubBuilder, Server, Statistics};
use crate::endpoint::{AuthenticationLayer, Authenticator, ConnectionEndpoint};
use crate::handler::ConnectionHandler;
use crate::hub::{Hub, HubContext, HubFilter, Policy, short_type_name};
use crate::node::{
    Configuration, EndpointOptions, HubOptions, Node, OptionLevels, RandomSource, ServeOptions,
    ServerOptions, TrustedProxies,
};

/// A SignalR server, from which hubs are built; it also performs the shutdown.
///
/// This is a handle; clones are the same server.
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
    /// Creates a server without a backplane, with every option at its default.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Creates a builder that configures a server.
    #[must_use]
    pub fn builder() -> SignalRBuilder {
        SignalRBuilder::default()
    }

    /// Creates a builder that configures a hub.
    #[must_use]
    pub fn hub<H: Hub>(&self) -> HubBuilder<H> {
        HubBuilder::new(Arc::clone(&self.server))
    }

    /// Creates the endpoint of a connection handler, for connections without a hub protocol.
    ///
    /// Its options begin with those of the server's endpoints. In the log and in a configuration's
    /// `endpoints`, the handler has the name of its type, without paths. Each call creates an
    /// endpoint of its own; clone one to map it to several paths.
    ///
    /// # Panics
    ///
    /// Panics if the configuration sets an option of the endpoint that makes no sense (see
    /// [`EndpointOptions::validate`]).
    ///
    /// [`ConnectionHandler`] has an example.
    #[must_use]
    #[track_caller]
    pub fn connection_handler<H: ConnectionHandler>(&self, handler: H) -> ConnectionEndpoint {
        self.server.connection_handler(handler)
    }

    /// Returns the hub of this type, as seen by the rest of the program, for code that does not
    /// have its handle.
    ///
    /// # Panics
    ///
    /// Panics if no hub of this type was built, if nothing holds it any more (neither its handle
    /// nor a router with its endpoint), or if the type is built under several names. In the last
    /// case use [`HubHandle::context`](crate::HubHandle::context).
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

    /// Returns a layer that determines the users of requests to other routes, as for the hubs.
    ///
    /// [`AuthenticationLayer`] has an example.
    ///
    /// # Panics
    ///
    /// Panics if the server has no [`SignalRBuilder::authenticator`].
    #[must_use]
    #[track_caller]
    pub fn authentication_layer(&self) -> AuthenticationLayer {
        match self.server.authentication() {
            Some(authentication) => {
                let timeout = self.server.options().endpoint.authentication_timeout;
                AuthenticationLayer::new(authentication, timeout)
            }
            None => panic!(
                "The server has no authenticator: set one with `SignalR::builder().authenticator(..)`"
            ),
        }
    }

    /// Ends every connection such that its client reconnects, to this or another node.
    ///
    /// From now on, negotiation responds with 503. Every client gets a Close message with
    /// permission to reconnect. Then its transport ends, hooks run, and running hub methods are
    /// waited for, 20 s in total. After that they are told to end; tasks that do not end at once
    /// are left behind, with a warning. At last, what was counted for metrics is passed on.
    /// [`serve()`](crate::serve()) calls this.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped after its first poll, the connections still end by themselves.
    pub async fn shutdown(&self) {
        self.server.shutdown().await;
    }

    /// Returns a token that fires when [`SignalR::shutdown`] begins: clients are then told to
    /// reconnect, and messages reach nobody.
    ///
    /// It is meant for timers and jobs of the application: a shutdown does not wait for them. Each
    /// call returns a new token, which may be stored, cloned or cancelled. As long as the server
    /// is not shut down, the token does not fire, even if every handle of the server is dropped.
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

    /// Returns how much the server holds at the moment.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.server.statistics()
    }

    /// Returns the node's name in its farm; it is new for every server.
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
///     .detailed_errors(true) // of all hubs, unless they say otherwise
///     .build();
/// ```
#[derive(Default)]
pub struct SignalRBuilder {
    backplane: Option<Arc<dyn Backplane>>,
    random: Option<RandomSource>,
    pub(super) options: ServerOptions,
    pub(super) hub_options: HubOptions,
    pub(super) endpoint_options: EndpointOptions,
    configuration: Configuration,
    common: Common,
}

impl SignalRBuilder {
    /// Links the server with the other nodes of a farm. Default: no backplane.
    ///
    /// Hubs with the same name are one hub on all nodes. Two applications that share a broker need
    /// backplanes that keep them apart by a prefix, or different names for their hubs:
    /// [`HubBuilder::name`].
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
        self.common.filters.push(filter);
        self
    }

    /// Sets what determines the users of all requests to hubs. Default: nothing; a middleware in
    /// front of them may insert a [`Principal`](crate::Principal) into the request's extensions.
    ///
    /// See [`Authenticator`].
    #[must_use]
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.common.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Gives a name to a policy, to be used by every hub: `#[authorize(policy = "..")]`.
    ///
    /// A second policy of the same name takes the place of the first.
    #[must_use]
    pub fn policy(mut self, name: impl Into<String>, policy: Policy) -> Self {
        self.common.policies.insert(name.into(), policy);
        self
    }

    /// Sets all of the server's own options at once.
    #[must_use]
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets all options that hubs begin with at once.
    #[must_use]
    pub fn hub_options(mut self, options: HubOptions) -> Self {
        self.hub_options = options;
        self
    }

    /// Sets all options that endpoints begin with at once.
    #[must_use]
    pub fn endpoint_options(mut self, options: EndpointOptions) -> Self {
        self.endpoint_options = options;
        self
    }

    /// Sets what a file or another source says of the options.
    ///
    /// The options that hubs and endpoints set for themselves win over sections for all of them.
    /// Otherwise the configuration wins over the code, so that an operator can change any option
    /// of a hub: what `hubs.ChatHub` sets is set, whatever the builder of that hub says.
    ///
    /// A hub that the configuration speaks of and that is not built by the time of the first
    /// connection is a warning in the log.
    #[must_use]
    pub fn configuration(mut self, configuration: Configuration) -> Self {
        self.configuration = configuration;
        self
    }

    /// Sets the source of ids and tokens. Default: the system's secure generator.
    #[must_use]
    pub fn random_source(mut self, random: RandomSource) -> Self {
        self.random = Some(random);
        self
    }

    /// Builds the server. Its tasks start with the first connection.
    ///
    /// Inside a runtime, the server gets one flusher for each worker; outside of one, a single
    /// flusher.
    ///
    /// # Panics
    ///
    /// Panics if an option makes no sense (see [`ServerOptions::validate`],
    /// [`HubOptions::validate`] and [`EndpointOptions::validate`]).
    #[must_use]
    #[track_caller]
    pub fn build(self) -> SignalR {
        let workers = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        let random = self.random.unwrap_or_else(RandomSource::system);
        let mut options = self.options;
        let (hub, endpoint) = (self.hub_options, self.endpoint_options);
        let levels = OptionLevels::new(&mut options, hub, endpoint, self.configuration);
        let mut serve = ServeOptions::default();
        levels.configure_serve(&mut serve);
        let valid = options
            .validate()
            .and_then(|()| serve.validate())
            .and_then(|()| levels.hub.validate())
            .and_then(|()| levels.endpoint.validate())
            .and_then(|()| TrustedProxies::new(&options.trusted_proxies));
        let trusted_proxies = match valid {
            Ok(trusted_proxies) => trusted_proxies,
            Err(invalid) => panic!("The server cannot be built: {invalid}"),
        };
        SignalR {
            server: Arc::new(Server::new(
                random,
                workers,
                &options,
                trusted_proxies,
                levels,
                self.backplane,
                self.common,
            )),
        }
    }
}

impl fmt::Debug for SignalRBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalRBuilder").finish_non_exhaustive()
    }
}
