//! A built hub, with its service, its options and its lifetime manager.

#[cfg(feature = "testing")]
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use hubwire_core::{ConnectionId, FrameFormat, HubLifetimeManager, HubName, UntypedClient};
use hubwire_protocol::BindError;
use tokio::time::Instant;

#[cfg(feature = "testing")]
use super::HubError;
use super::deprecated_methods::DeprecatedMethods;
use super::failures::{Failures, Of, Place};
#[cfg(feature = "testing")]
use super::kept_causes::KeptCauses;
use super::metrics::{CallOutcome, HubMetrics};
use super::warnings::{Details, Heard, Warning, Warnings};
use super::{Call, Caller, Hub, HubService, Method, Reply, Restrictions, TypedHub};
use crate::connection::{Connection, Identity, NameIdentifierUserIdProvider, UserIdProvider};
use crate::lifetime::DefaultHubLifetimeManager;
use crate::node::{ConnectionLabel, HubOptions, Node};
use crate::outbound::{Bounds, Outbound};

/// The state that all connections of a hub share.
#[derive(Debug)]
pub(crate) struct HubRuntime {
    name: HubName,
    service: Arc<dyn HubService>,
    options: HubOptions,
    lifetime: Arc<DefaultHubLifetimeManager>,
    user_ids: Arc<dyn UserIdProvider>,
    restrictions: Restrictions,
    deprecated: DeprecatedMethods,
    failures: Failures,
    warnings: Warnings,
    metrics: HubMetrics,
    #[cfg(feature = "testing")]
    causes: KeptCauses,
    node: Arc<Node>,
}

/// The hub behind a connection handler, whose connections speak no hub protocol.
struct NoMethods;

impl Hub for NoMethods {
    type Client = UntypedClient;
    const METHODS: &'static [Method] = &[];

    fn bind(self: Arc<Self>, _: usize, _: Call<'_, Self>) -> Result<Reply, BindError> {
        Ok(Reply::unknown_method())
    }
}

impl HubRuntime {
    /// Creates the hub of a service with these methods.
    pub(crate) fn new(
        name: HubName,
        service: Arc<dyn HubService>,
        methods: &[Method],
        options: HubOptions,
        lifetime: Arc<DefaultHubLifetimeManager>,
        user_ids: Arc<dyn UserIdProvider>,
    ) -> Self {
        Self {
            deprecated: DeprecatedMethods::of(&name, methods),
            metrics: HubMetrics::new(&name, methods.len()),
            name,
            service,
            options,
            node: Arc::clone(lifetime.node()),
            lifetime,
            user_ids,
            restrictions: Restrictions::default(),
            failures: Failures::new(methods.len()),
            warnings: Warnings::new(methods.len()),
            #[cfg(feature = "testing")]
            causes: KeptCauses::default(),
        }
    }

    /// Creates what the connections of a connection handler share; nothing can be called.
    pub(crate) fn without_methods(
        name: HubName,
        options: HubOptions,
        lifetime: Arc<DefaultHubLifetimeManager>,
    ) -> Self {
        let service = Arc::new(TypedHub::new(NoMethods));
        let user_ids = Arc::new(NameIdentifierUserIdProvider);
        Self::new(name, service, &[], options, lifetime, user_ids)
    }

    /// Sets who may call the methods. Default: everybody.
    pub(crate) fn restricted(mut self, restrictions: Restrictions) -> Self {
        self.restrictions = restrictions;
        self
    }

    pub(crate) fn restrictions(&self) -> &Restrictions {
        &self.restrictions
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
    }

    /// Logs a warning about something that nobody else is told, unless the log has had a line about
    /// it recently; the sweep logs the rest.
    pub(crate) fn warn(&self, warning: Warning, details: impl Fn() -> Details) {
        self.metrics.warned(warning);
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

    /// Counts a call if its method is deprecated, and warns of it.
    pub(crate) fn called(&self, method: usize, connection_id: &ConnectionId) {
        if self.deprecated.count(method) {
            let name = self.service.method_name(method);
            let details = || Details::of(connection_id).method(name);
            self.warn(Warning::Deprecated(method), details);
        }
    }

    fn for_the_log(&self) -> Of<'_> {
        Of {
            hub: &self.name,
            service: self.service(),
        }
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

    /// Keeps the cause of an error that is created only if a test has asked for causes.
    #[cfg(feature = "testing")]
    pub(crate) fn keep_cause_with(
        &self,
        connection: &ConnectionId,
        invocation_id: Option<&str>,
        error: impl FnOnce() -> HubError,
    ) {
        if self.causes.has_begun() {
            self.keep_cause(connection, invocation_id, error());
        }
    }

    /// Keeps the causes of errors from now on, for [`HubRuntime::take_cause`].
    #[cfg(feature = "testing")]
    pub(crate) fn keep_causes(&self) {
        self.causes.begin();
    }

    /// Removes and returns the cause of this call.
    #[cfg(feature = "testing")]
    pub(crate) fn take_cause(
        &self,
        connection: &ConnectionId,
        invocation_id: &str,
    ) -> Option<Box<dyn Error + Send + Sync>> {
        self.causes.take(connection, invocation_id)
    }

    /// Logs what has happened since the last line about it: failures of hub code, warnings, and
    /// messages that did not reach other nodes.
    pub(crate) fn say_the_rest(&self, now: u64) {
        self.failures.say_the_rest(self.for_the_log(), now);
        self.warnings.say_the_rest(&self.name, now);
        self.lifetime.say_the_rest(now);
    }

    /// Records a call that has ended now, for the metrics.
    pub(crate) fn call_ended(
        &self,
        method: usize,
        begun: Instant,
        now: Instant,
        outcome: CallOutcome,
    ) {
        let name = || self.service.method_name(method);
        let duration = now.saturating_duration_since(begun);
        self.metrics.call_ended(method, name, duration, outcome);
    }

    pub(crate) fn metrics(&self) -> &HubMetrics {
        &self.metrics
    }

    /// Passes on what was counted for the metrics of the hub.
    pub(crate) fn pass_on_metrics(&self) {
        self.metrics.pass_on();
        self.lifetime.pass_on_metrics();
        self.deprecated.pass_on_metrics();
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Creates a connection that is not registered yet and has no transport attached.
    pub(crate) fn connection(
        &self,
        id: ConnectionId,
        identity: Identity,
        bounds: Arc<Bounds>,
        format: &'static FrameFormat,
    ) -> Arc<Connection> {
        let flusher = self.lifetime.flushers().assign();
        let label = ConnectionLabel {
            hub: self.name.clone(),
            connection_id: id,
        };
        let outbound = Outbound::new(label, Arc::clone(&self.node), flusher, bounds, format);
        Connection::new(identity, outbound)
    }

    /// Returns a connection of the hub as hub code sees it.
    pub(crate) fn caller(&self, connection: &Arc<Connection>) -> Caller {
        let lifetime = Arc::clone(&self.lifetime) as Arc<dyn HubLifetimeManager>;
        Caller::new(Arc::clone(connection), lifetime)
    }
}
