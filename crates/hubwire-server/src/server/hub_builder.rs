//! Configuring a hub and registering it with its server.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use hubwire_core::{HubLifetimeManager, HubName, WhenBusy};
use hubwire_protocol::{HubProtocol, Naming};

use super::Server;
use crate::connection::{NameIdentifierUserIdProvider, UserIdProvider};
use crate::endpoint::{Access, ConnectionTable, HubEndpoint};
use crate::hub::{
    FilteredHub, Filters, Hub, HubContext, HubFilter, HubRuntime, MissingPolicy, Policies, Policy,
    Restrictions, TypedHub, short_type_name,
};
use crate::lifetime::{Cluster, DefaultHubLifetimeManager};
use crate::node::{Configure, EndpointDefaults, HubOptions, KeepConnection, hub_option_setters};

/// Configures a hub.
///
/// ```
/// use std::time::Duration;
///
/// use hubwire::{SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// let signalr = SignalR::new();
/// let chat = signalr
///     .hub()
///     .client_timeout_interval(Duration::from_secs(60))
///     .maximum_receive_message_size(64 * 1024)
///     .build(ChatHub); // the value names the hub's type
/// ```
#[derive(Debug)]
pub struct HubBuilder<H: Hub> {
    server: Arc<Server>,
    name: HubName,
    options: HubOptions,
    user_ids: Arc<dyn UserIdProvider>,
    filters: Filters,
    policies: Policies,
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> HubBuilder<H> {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self {
            name: HubName::from(short_type_name::<H>()),
            options: server.options().hub.clone(),
            user_ids: Arc::new(NameIdentifierUserIdProvider),
            filters: Filters::default(),
            policies: Policies::default(),
            hub: PhantomData,
            server,
        }
    }

    /// Sets the name of the hub. Default: its type's name without paths, such as `ChatHub` or
    /// `Topic<Vec<String>>`.
    ///
    /// All hubs of a server have different names; the same type may be built under several names.
    ///
    /// On a backplane, the name identifies the hub: hubs with the same name, on any node, are one
    /// hub and receive each other's messages. The nodes of an application therefore give a hub the
    /// same name. Applications that share a broker give their hubs different names, such as
    /// `.name("Shop.ChatHub")`, unless their backplanes keep them apart (by a prefix, for
    /// example). For a farm with ASP.NET Core nodes, use the full .NET name of their hub class.
    ///
    /// ```
    /// use hubwire::{SignalR, hub};
    ///
    /// struct ChatHub;
    ///
    /// #[hub]
    /// impl ChatHub {}
    ///
    /// let signalr = SignalR::new();
    /// let chat = signalr.hub().build(ChatHub); // called `ChatHub`
    /// let staff_chat = signalr.hub().name("StaffChatHub").build(ChatHub);
    /// ```
    #[must_use]
    pub fn name(mut self, name: impl Into<HubName>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets all options at once, instead of those of the server.
    #[must_use]
    pub fn options(mut self, options: HubOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the provider of user ids. Default: [`NameIdentifierUserIdProvider`].
    #[must_use]
    pub fn user_id_provider(mut self, provider: impl UserIdProvider) -> Self {
        self.user_ids = Arc::new(provider);
        self
    }

    /// Runs a filter around the hub's calls and hooks, within those that were added before.
    ///
    /// The filters of the server ([`SignalRBuilder::filter`](crate::SignalRBuilder::filter)) are around all of a
    /// hub's own. See [`HubFilter`] for an example.
    #[must_use]
    pub fn filter(mut self, filter: impl HubFilter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Gives a name to a policy, to be used by the hub: `#[authorize(policy = "..")]`.
    ///
    /// It takes the place of the server's policy of the same name
    /// ([`SignalRBuilder::policy`](crate::SignalRBuilder::policy)).
    #[must_use]
    pub fn policy(mut self, name: impl Into<String>, policy: Policy) -> Self {
        self.policies.insert(name.into(), policy);
        self
    }

    /// Builds the hub from a single value that serves all connections.
    ///
    /// Build a hub only once: [`HubHandle`] has its endpoint and its context. A second build would
    /// be another hub with a context that does not know the clients of the first.
    ///
    /// # Panics
    ///
    /// Panics if an option makes no sense (see [`HubOptions::validate`]), if the server already has
    /// a hub with this name (see [`HubBuilder::name`]), if an `#[authorize]` names a policy that
    /// neither the hub nor the server has (see [`HubBuilder::policy`]), or if a hand-written hub has two methods
    /// with the same name, ignoring ASCII case, or a method without a name. A hub exists as long as its handle, an endpoint or a context.
    #[must_use = "the handle has the hub's endpoint, for `map_hub`, and its context"]
    #[track_caller]
    pub fn build(self, hub: H) -> HubHandle<H> {
        self.build_with(|_| hub)
    }

    /// Builds the hub from a function that gets the hub's own context, for hubs that send by
    /// themselves.
    ///
    /// # Panics
    ///
    /// Panics under the same conditions as [`HubBuilder::build`].
    #[must_use = "the handle has the hub's endpoint, for `map_hub`, and its context"]
    #[track_caller]
    pub fn build_with(mut self, hub: impl FnOnce(HubContext<H>) -> H) -> HubHandle<H> {
        self.settle_options();
        let (of_endpoints, restrictions) = self.authorization();
        let endpoints = self.server.options().endpoint_defaults(&self.name);
        let node = self.server.node();
        let cluster = self.server.backplane().map(|backplane| {
            Cluster::new(self.name.clone(), Arc::clone(node), Arc::clone(backplane))
        });
        let lifetime = Arc::new(DefaultHubLifetimeManager::new(
            self.name.clone(),
            Arc::clone(node),
            Arc::clone(self.server.flushers()),
            cluster,
            &self.options,
        ));
        let context = HubContext::new(Arc::clone(&lifetime) as Arc<dyn HubLifetimeManager>);
        let filters = self.server.common().filters.followed_by(&self.filters);
        let service = Arc::new(TypedHub::new(hub(context)));
        let service = FilteredHub::wrap(self.name.clone(), self.options.naming, service, filters);
        let runtime = HubRuntime::new(
            self.name,
            service,
            H::METHODS,
            self.options,
            lifetime,
            self.user_ids,
        );
        let runtime = Arc::new(runtime.restricted(restrictions));
        self.server.hubs().add::<H>(&runtime);
        HubHandle {
            runtime,
            table: Arc::clone(self.server.table()),
            endpoints: Arc::new(endpoints),
            access: self.server.access(of_endpoints),
            hub: PhantomData,
        }
    }

    /// Returns who may use the hub's endpoints, and who may call its methods.
    #[track_caller]
    fn authorization(&self) -> (Option<Policy>, Restrictions) {
        let policies = self.policies.or(&self.server.common().policies);
        let of_endpoints = match policies.combined(H::AUTHORIZE) {
            Ok(policy) => policy,
            Err(policy) => self.refuse_policy("its `impl` block", policy),
        };
        match Restrictions::of(H::METHODS, &policies) {
            Ok(restrictions) => (of_endpoints, restrictions),
            Err(MissingPolicy { method, policy }) => {
                self.refuse_policy(&format!("its method `{method}`"), policy)
            }
        }
    }

    /// Panics because a policy does not exist. A misspelt name must not let anybody in.
    #[track_caller]
    fn refuse_policy(&self, place: &str, policy: &str) -> ! {
        panic!(
            "The hub `{}` cannot be built: `#[authorize(policy = \"{policy}\")]` on {place} names a policy \
             that neither the hub nor its server has; add it with `.policy(\"{policy}\", ..)`",
            self.name
        );
    }

    /// Applies the configuration to the options, and checks them.
    #[track_caller]
    fn settle_options(&mut self) {
        let (name, options) = (&self.name, &mut self.options);
        self.server.options().configure_hub(name, options);
        if let Err(invalid) = options.validate() {
            panic!("The hub `{name}` cannot be built: {invalid}");
        }
        if options.pings_too_rarely() {
            tracing::warn!(
                target: "hubwire::options",
                hub = %name,
                keep_alive_interval = ?options.keep_alive_interval,
                client_timeout_interval = ?options.client_timeout_interval,
                "pings are no more frequent than timeouts, so clients with the same settings lose their connections"
            );
        }
    }
}

/// Options that are not set are those of the server, or else their defaults.
impl<H: Hub> HubBuilder<H> {
    hub_option_setters!();
}

impl<H: Hub> Configure<HubOptions> for HubBuilder<H> {
    fn configure(mut self, change: impl FnOnce(&mut HubOptions)) -> Self {
        change(&mut self.options);
        self
    }
}

/// A built hub: its endpoints and its context.
///
/// ```
/// use hubwire::{MapHub, SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// let signalr = SignalR::new();
/// let chat = signalr.hub().build(ChatHub);
/// let app: axum::Router = axum::Router::new()
///     .map_hub("/hubs/chat", chat.endpoint())
///     .map_hub("/old/chat", chat.endpoint()); // the same hub, at another path too
/// let pushes = chat.context();
/// ```
pub struct HubHandle<H: Hub> {
    runtime: Arc<HubRuntime>,
    table: Arc<ConnectionTable>,
    endpoints: Arc<EndpointDefaults>,
    access: Access,
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> HubHandle<H> {
    /// Creates an endpoint of the hub, to be mapped to a path.
    ///
    /// It begins with the server's endpoint options.
    ///
    /// # Panics
    ///
    /// Panics if the configuration sets an option of the endpoint that makes no sense (see
    /// [`EndpointOptions::validate`](crate::EndpointOptions::validate)).
    #[must_use]
    #[track_caller]
    pub fn endpoint(&self) -> HubEndpoint {
        let endpoints = Arc::clone(&self.endpoints);
        HubEndpoint::new(
            Arc::clone(&self.runtime),
            Arc::clone(&self.table),
            endpoints,
            self.access.clone(),
        )
    }

    /// Returns the hub as seen by the rest of the program.
    #[must_use]
    pub fn context(&self) -> HubContext<H> {
        let lifetime = Arc::clone(self.runtime.lifetime());
        HubContext::new(lifetime as Arc<dyn HubLifetimeManager>)
    }
}

impl<H: Hub> Clone for HubHandle<H> {
    fn clone(&self) -> Self {
        Self {
            runtime: Arc::clone(&self.runtime),
            table: Arc::clone(&self.table),
            endpoints: Arc::clone(&self.endpoints),
            access: self.access.clone(),
            hub: PhantomData,
        }
    }
}

impl<H: Hub> fmt::Debug for HubHandle<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubHandle")
            .field("name", self.runtime.name())
            .finish_non_exhaustive()
    }
}
