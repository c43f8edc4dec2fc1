//! A built hub: its service, its options and its lifetime manager.

use std::sync::Arc;

use hubwire_core::{FrameFormat, HubLifetimeManager, HubName};

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
    node: Arc<Node>,
}

impl HubRuntime {
    pub(crate) fn new(
        name: HubName,
        service: Arc<dyn HubService>,
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
