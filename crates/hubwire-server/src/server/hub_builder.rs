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
use crate::endpoint::{ConnectionTable, HubEndpoint};
use crate::hub::{
    FilteredHub, Filters, Hub, HubContext, HubFilter, HubRuntime, TypedHub, short_type_name,
};
use crate::lifetime::{Cluster, DefaultHubLifetimeManager};
use crate::node::HubOptions;

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
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> HubBuilder<H> {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            name: HubName::from(short_type_name::<H>()),
            options: HubOptions::default(),
            user_ids: Arc::new(NameIdentifierUserIdProvider),
            filters: Filters::default(),
            hub: PhantomData,
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

    /// Sets all options at once.
    #[must_use]
    pub fn options(mut self, options: HubOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets [`HubOptions::handshake_timeout`].
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.options.handshake_timeout = timeout;
        self
    }

    /// Sets [`HubOptions::keep_alive_interval`].
    #[must_use]
    pub fn keep_alive_interval(mut self, interval: Duration) -> Self {
        self.options.keep_alive_interval = interval;
        self
    }

    /// Sets [`HubOptions::client_timeout_interval`].
    #[must_use]
    pub fn client_timeout_interval(mut self, interval: Duration) -> Self {
        self.options.client_timeout_interval = interval;
        self
    }

    /// Sets [`HubOptions::maximum_receive_message_size`]: a number of bytes, or `None` for no
    /// limit.
    #[must_use]
    pub fn maximum_receive_message_size(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.options.maximum_receive_message_size = bytes.into();
        self
    }

    /// Sets [`HubOptions::maximum_parallel_invocations_per_client`].
    #[must_use]
    pub fn maximum_parallel_invocations_per_client(mut self, count: NonZeroUsize) -> Self {
        self.options.maximum_parallel_invocations_per_client = count;
        self
    }

    /// Sets [`HubOptions::maximum_running_calls_per_client`].
    #[must_use]
    pub fn maximum_running_calls_per_client(mut self, count: usize) -> Self {
        self.options.maximum_running_calls_per_client = count;
        self
    }

    /// Sets [`HubOptions::supported_protocols`].
    #[must_use]
    pub fn supported_protocols(mut self, protocols: impl Into<Vec<HubProtocol>>) -> Self {
        self.options.supported_protocols = protocols.into();
        self
    }

    /// Sets [`HubOptions::naming`].
    #[must_use]
    pub fn naming(mut self, naming: Naming) -> Self {
        self.options.naming = naming;
        self
    }

    /// Sets [`HubOptions::stream_buffer_capacity`].
    #[must_use]
    pub fn stream_buffer_capacity(mut self, items: NonZeroUsize) -> Self {
        self.options.stream_buffer_capacity = items;
        self
    }

    /// Sets [`HubOptions::maximum_parallel_streams_per_client`].
    #[must_use]
    pub fn maximum_parallel_streams_per_client(mut self, count: usize) -> Self {
        self.options.maximum_parallel_streams_per_client = count;
        self
    }

    /// Sets [`HubOptions::cancelled_stream_timeout`].
    #[must_use]
    pub fn cancelled_stream_timeout(mut self, timeout: Duration) -> Self {
        self.options.cancelled_stream_timeout = timeout;
        self
    }

    /// Sets [`HubOptions::client_result_timeout`].
    #[must_use]
    pub fn client_result_timeout(mut self, timeout: Duration) -> Self {
        self.options.client_result_timeout = timeout;
        self
    }

    /// Sets [`HubOptions::maximum_pending_client_results`].
    #[must_use]
    pub fn maximum_pending_client_results(mut self, count: usize) -> Self {
        self.options.maximum_pending_client_results = count;
        self
    }

    /// Sets [`HubOptions::detailed_errors`].
    #[must_use]
    pub fn detailed_errors(mut self, detailed: bool) -> Self {
        self.options.detailed_errors = detailed;
        self
    }

    /// Sets [`HubOptions::maximum_groups_per_connection`].
    #[must_use]
    pub fn maximum_groups_per_connection(mut self, count: usize) -> Self {
        self.options.maximum_groups_per_connection = count;
        self
    }

    /// Sets [`HubOptions::maximum_group_name_size`].
    #[must_use]
    pub fn maximum_group_name_size(mut self, bytes: usize) -> Self {
        self.options.maximum_group_name_size = bytes;
        self
    }

    /// Sets [`HubOptions::outbound_buffer_size`].
    #[must_use]
    pub fn outbound_buffer_size(mut self, bytes: usize) -> Self {
        self.options.outbound_buffer_size = bytes;
        self
    }

    /// Sets [`HubOptions::answer_buffer_size`].
    #[must_use]
    pub fn answer_buffer_size(mut self, bytes: usize) -> Self {
        self.options.answer_buffer_size = bytes;
        self
    }

    /// Sets [`HubOptions::maximum_outbound_buffer_size`].
    #[must_use]
    pub fn maximum_outbound_buffer_size(mut self, bytes: usize) -> Self {
        self.options.maximum_outbound_buffer_size = bytes;
        self
    }

    /// Sets [`HubOptions::when_busy`].
    #[must_use]
    pub fn when_busy(mut self, when_busy: WhenBusy) -> Self {
        self.options.when_busy = when_busy;
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

    /// Builds the hub from a single value that serves all connections.
    ///
    /// Build a hub only once: [`HubHandle`] has its endpoint and its context. A second build would
    /// be another hub with a context that does not know the clients of the first.
    ///
    /// # Panics
    ///
    /// Panics if the server already has a hub with this name (see [`HubBuilder::name`]), or if a
    /// hand-written hub has two methods with the same name, ignoring ASCII case, or a method
    /// without a name. A hub exists as long as its handle, an endpoint or a context.
    #[must_use]
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
    #[track_caller]
    pub fn build_with(self, hub: impl FnOnce(HubContext<H>) -> H) -> HubHandle<H> {
        let node = self.server.node();
        let cluster = self.server.backplane().map(|backplane| {
            Cluster::new(self.name.clone(), Arc::clone(node), Arc::clone(backplane))
        });
        let lifetime = Arc::new(DefaultHubLifetimeManager::new(
            Arc::clone(node),
            Arc::clone(self.server.flushers()),
            cluster,
            &self.options,
        ));
        let context = HubContext::new(Arc::clone(&lifetime) as Arc<dyn HubLifetimeManager>);
        let filters = self.server.filters().followed_by(&self.filters);
        let service = Arc::new(TypedHub::new(hub(context)));
        let service = FilteredHub::wrap(self.name.clone(), self.options.naming, service, filters);
        let runtime = HubRuntime::new(
            self.name,
            service,
            H::METHODS.len(),
            self.options,
            lifetime,
            self.user_ids,
        );
        let runtime = Arc::new(runtime);
        self.server.hubs().add::<H>(&runtime);
        HubHandle {
            runtime,
            table: Arc::clone(self.server.table()),
            hub: PhantomData,
        }
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
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> HubHandle<H> {
    /// Creates an endpoint of the hub, to be mapped to a path.
    #[must_use]
    pub fn endpoint(&self) -> HubEndpoint {
        HubEndpoint::new(Arc::clone(&self.runtime), Arc::clone(&self.table))
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
