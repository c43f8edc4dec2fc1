//! A built hub: its service, its options and its lifetime manager.

#[cfg(feature = "testing")]
use std::error::Error;
use std::fmt;
use std::sync::Arc;

#[cfg(feature = "testing")]
use hubwire_core::ConnectionId;
use hubwire_core::{FrameFormat, HubLifetimeManager, HubName};

#[cfg(feature = "testing")]
use super::HubError;
use super::failures::{Failures, Place};
#[cfg(feature = "testing")]
use super::kept_causes::KeptCauses;
use super::{Caller, HubService};
use crate::connection::{Connection, Identity, UserIdProvider};
use crate::lifetime::DefaultHubLifetimeManager;
use crate::node::{HubOptions, Node};
use crate::outbound::{Bounds, Outbound};

/// What every connection of a hub shares.
#[derive(Debug)]
pub(crate) struct HubRuntime {
    name: HubName,
    service: Arc<dyn HubService>,
    options: HubOptions,
    lifetime: Arc<DefaultHubLifetimeManager>,
    user_ids: Arc<dyn UserIdProvider>,
    failures: Failures,
    #[cfg(feature = "testing")]
    causes: KeptCauses,
    node: Arc<Node>,
}

impl HubRuntime {
    /// The hub of a service with so many methods.
    pub(crate) fn new(
        name: HubName,
        service: Arc<dyn HubService>,
        methods: usize,
        options: HubOptions,
        lifetime: Arc<DefaultHubLifetimeManager>,
        user_ids: Arc<dyn UserIdProvider>,
    ) -> Self {
        Self {
            name,
            service,
            options,
            node: Arc::clone(lifetime.node()),
            lifetime,
            user_ids,
            failures: Failures::new(methods),
            #[cfg(feature = "testing")]
            causes: KeptCauses::default(),
        }
    }

    pub(crate) fn name(&self) -> &HubName {
        &self.name
    }

    pub(crate) fn service(&self) -> &dyn HubService {
        &*self.service
    }

    pub(crate) fn options(&self) -> &HubOptions {
        &self.options
    }

    pub(crate) fn lifetime(&self) -> &Arc<DefaultHubLifetimeManager> {
        &self.lifetime
    }

    pub(crate) fn user_ids(&self) -> &dyn UserIdProvider {
        &*self.user_ids
    }

    /// Says in the log that hub code failed, unless it hears too often of that place; the sweep says the rest.
    pub(crate) fn failed(&self, place: Place, cause: &dyn fmt::Debug) {
        let now = self.node.now();
        self.failures.count(place, self.service(), now, cause);
    }

    /// Keeps what is hidden of a call's error, if a test has asked for that.
    #[cfg(feature = "testing")]
    pub(crate) fn keep_cause(
        &self,
        connection: &ConnectionId,
        invocation_id: Option<&str>,
        error: HubError,
    ) {
        self.causes.keep(connection, invocation_id, error);
    }

    /// From now on keeps why calls fail, for [`HubRuntime::take_cause`].
    #[cfg(feature = "testing")]
    pub(crate) fn keep_causes(&self) {
        self.causes.begin();
    }

    /// Why this call of this connection failed.
    #[cfg(feature = "testing")]
    pub(crate) fn take_cause(
        &self,
        connection: &ConnectionId,
        invocation_id: &str,
    ) -> Option<Box<dyn Error + Send + Sync>> {
        self.causes.take(connection, invocation_id)
    }

    /// Says how often hub code failed since that was last said.
    pub(crate) fn say_the_rest(&self, now: u64) {
        self.failures.say_the_rest(self.service(), now);
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// A connection that is not registered yet, and whose messages have no way out.
    pub(crate) fn connection(
        &self,
        identity: Identity,
        bounds: Arc<Bounds>,
        format: &'static FrameFormat,
    ) -> Arc<Connection> {
        let flusher = self.lifetime.flushers().assign();
        let outbound = Outbound::new(Arc::clone(&self.node), flusher, bounds, format);
        Connection::new(identity, outbound)
    }

    /// A connection of the hub as hub code sees it.
    pub(crate) fn caller(&self, connection: &Arc<Connection>) -> Caller {
        let lifetime = Arc::clone(&self.lifetime) as Arc<dyn HubLifetimeManager>;
        Caller::new(Arc::clone(connection), lifetime)
    }
}
