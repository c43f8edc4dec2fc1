//! A built hub, with its service, its options and its lifetime manager.

use std::fmt;
use std::sync::Arc;

use hubwire_core::{FrameFormat, HubLifetimeManager, HubName};

use super::failures::{Failures, Place};
use super::kept_causes::KeptCauses;
use super::{Caller, Hub, HubService, TypedHub};
use crate::connection::{Connection, Identity, UserIdProvider};
use crate::lifetime::DefaultHubLifetimeManager;
use crate::node::{HubOptions, Node};
use crate::outbound::{Bounds, Outbound};

/// The state that all connections of a hub share.
#[derive(Debug)]
pub(crate) struct HubRuntime {
    name: HubName,
    service: Arc<dyn HubService>,
    options: HubOptions,
    lifetime: Arc<DefaultHubLifetimeManager>,
    user_ids: Arc<dyn UserIdProvider>,
    failures: Failures,
    causes: KeptCauses,
    node: Arc<Node>,
}

impl HubRuntime {
    pub(crate) fn new<H: Hub>(
        name: HubName,
        hub: H,
        options: HubOptions,
        lifetime: Arc<DefaultHubLifetimeManager>,
        user_ids: Arc<dyn UserIdProvider>,
    ) -> Self {
        Self {
            name,
            service: Arc::new(TypedHub::new(hub)),
            options,
            node: Arc::clone(lifetime.node()),
            lifetime,
            user_ids,
            failures: Failures::new(H::METHODS.len()),
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

    /// Logs that hub code failed, unless the log has had a line about that place recently; the
    /// sweep logs the rest.
    pub(crate) fn failed(&self, place: Place, cause: &dyn fmt::Debug) {
        let now = self.node.now();
        self.failures.count(place, self.service(), now, cause);
        self.keep_cause(place, cause);
    }

    /// Stores why a method failed, if a test has asked for it.
    pub(crate) fn keep_cause(&self, place: Place, cause: &dyn fmt::Debug) {
        self.causes.keep(place, cause);
    }

    /// Stores from now on why methods fail, for [`HubRuntime::take_cause`].
    pub(crate) fn keep_causes(&self) {
        self.causes.begin();
    }

    /// Removes and returns the oldest stored cause of the method with this name.
    pub(crate) fn take_cause(&self, target: &str) -> Option<String> {
        self.causes.take(self.service.method(target)?)
    }

    /// Logs how often hub code has failed since the last line about it.
    pub(crate) fn say_the_rest(&self, now: u64) {
        self.failures.say_the_rest(self.service(), now);
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Creates a connection that is not registered yet and has no way out for its messages.
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

    /// Returns a connection of the hub as hub code sees it.
    pub(crate) fn caller(&self, connection: &Arc<Connection>) -> Caller {
        let lifetime = Arc::clone(&self.lifetime) as Arc<dyn HubLifetimeManager>;
        Caller::new(Arc::clone(connection), lifetime)
    }
}
