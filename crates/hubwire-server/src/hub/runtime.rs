//! A built hub, with its service, its options and its lifetime manager.

use std::fmt;
use std::sync::Arc;

use hubwire_core::{ConnectionId, FrameFormat, HubLifetimeManager, HubName};

use super::failures::{Failures, Of, Place};
use super::kept_causes::KeptCauses;
use super::warnings::{Details, Heard, Warning, Warnings};
use super::{Caller, HubService};
use crate::connection::{Connection, Identity, UserIdProvider};
use crate::lifetime::DefaultHubLifetimeManager;
use crate::node::{HubOptions, Node, Whose};
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
    warnings: Warnings,
    causes: KeptCauses,
    node: Arc<Node>,
}

impl HubRuntime {
    /// Creates the hub of a service with this many methods.
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
            warnings: Warnings::new(methods),
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
    pub(crate) fn failed(
        &self,
        place: Place,
        connection_id: &ConnectionId,
        cause: &dyn fmt::Debug,
    ) {
        let now = self.node.now();
        self.failures
            .count(place, self.for_the_log(), connection_id, now, cause);
        self.keep_cause(place, cause);
    }

    /// Logs a warning about something that nobody else is told, unless the log has had a line about
    /// it recently; the sweep logs the rest.
    pub(crate) fn warn(&self, warning: Warning, details: impl Fn() -> Details) {
        let now = self.node.now();
        self.warnings.count(warning, &self.name, now, details);
    }

    /// Logs why a call is refused: a warning if its client is not told, otherwise at DEBUG.
    pub(crate) fn refused(&self, heard: Heard, warning: Warning, details: impl Fn() -> Details) {
        match heard {
            Heard::ByNobody => self.warn(warning, details),
            Heard::ByClient => warning.note(heard, &self.name, details),
        }
    }

    /// Returns the names of the hub and the connection, for the log.
    pub(crate) fn whose<'a>(&'a self, connection: &'a Connection) -> Whose<'a> {
        Whose {
            hub: &self.name,
            connection_id: connection.id(),
        }
    }

    fn for_the_log(&self) -> Of<'_> {
        Of {
            hub: &self.name,
            service: self.service(),
        }
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

    /// Logs what has happened since the last line about it: failures of hub code, and warnings.
    pub(crate) fn say_the_rest(&self, now: u64) {
        self.failures.say_the_rest(self.for_the_log(), now);
        self.warnings.say_the_rest(&self.name, now);
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
