//! The lifetime manager of a hub on this node: it sends to local receivers first, then to the
//! other nodes.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use hubwire_core::{
    Arguments, ClientResultError, ConnectionId, Disconnect, Envelope, GroupAction, GroupError,
    GroupName, HubLifetimeManager, HubName, MessageKey, OutgoingInvocation, RawClientResults,
    SendError, Sending, Subject, Target, UserId, WhenBusy,
};
use hubwire_protocol::Naming;

use super::arrivals::Arrivals;
use super::client_results::PendingClientResults;
use super::cluster::Cluster;
use super::connections::Connections;
use super::delivery::Delivery;
use super::memberships::Memberships;
use super::metrics::SendMetrics;
use super::only_connections::{Admitted, OnlyConnections};
use super::protocols_in_use::ProtocolsInUse;
use super::received::Received;
use crate::connection::Connection;
use crate::node::{HubOptions, Node};
use crate::outbound::{Flushers, Pace};

/// Knows the connections of one hub on this node, and reaches the other nodes through a
/// [`Cluster`].
#[derive(Debug)]
pub(crate) struct DefaultHubLifetimeManager {
    pub(super) hub: HubName,
    pub(super) arrivals: Arrivals,
    only_connections: OnlyConnections,
    pub(super) connections: Connections,
    pub(super) groups: Memberships<GroupName>,
    pub(super) users: Memberships<UserId>,
    pub(super) flushers: Arc<Flushers>,
    pub(super) cluster: Option<Cluster>,
    pub(super) node: Arc<Node>,
    client_results: Arc<PendingClientResults>,
    client_result_timeout: Duration,
    naming: Naming,
    when_busy: WhenBusy,
    metrics: SendMetrics,
    pub(super) protocols: ProtocolsInUse,
    pub(super) maximum_groups: usize,
    pub(super) maximum_name_size: usize,
}

impl DefaultHubLifetimeManager {
    pub(crate) fn new(
        hub: HubName,
        node: Arc<Node>,
        flushers: Arc<Flushers>,
        cluster: Option<Cluster>,
        options: &HubOptions,
    ) -> Self {
        Self {
            maximum_groups: options.maximum_groups_per_connection,
            maximum_name_size: options.maximum_group_name_size,
            arrivals: Arrivals::default(),
            only_connections: OnlyConnections::new(options.one_connection_per_user),
            connections: Connections::default(),
            groups: Memberships::default(),
            users: Memberships::default(),
            flushers,
            cluster,
            client_results: Arc::new(PendingClientResults::new(
                hub.clone(),
                Arc::clone(&node),
                options.maximum_pending_client_results,
            )),
            metrics: SendMetrics::new(&hub),
            hub,
            node,
            client_result_timeout: options.client_result_timeout,
            naming: options.naming,
            when_busy: options.when_busy.clone(),
            protocols: ProtocolsInUse::default(),
        }
    }

    /// Creates the invocation of clients, with the hub's naming.
    pub(super) fn message<'a>(
        &self,
        method: &'a str,
        arguments: &'a dyn Arguments,
    ) -> OutgoingInvocation<'a> {
        OutgoingInvocation::new(method, arguments).with_naming(self.naming)
    }

    /// Logs what has happened between the nodes since the last line about it.
    pub(crate) fn say_the_rest(&self, now: u64) {
        if let Some(cluster) = &self.cluster {
            cluster.say_the_rest(now);
        }
    }

    pub(crate) fn pass_on_metrics(&self) {
        self.metrics.pass_on();
        if let Some(cluster) = &self.cluster {
            cluster.pass_on_metrics();
        }
    }

    /// Returns what becomes of a push where a client is busy, if its sender does not say.
    pub(super) fn when_busy(&self) -> &WhenBusy {
        &self.when_busy
    }

    pub(crate) fn client_results(&self) -> &Arc<PendingClientResults> {
        &self.client_results
    }

    pub(crate) fn flushers(&self) -> &Flushers {
        &self.flushers
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(crate) fn group_count(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn user_count(&self) -> usize {
        self.users.len()
    }

    /// Unsubscribes from the other nodes' messages for the hub.
    pub(crate) async fn stop(&self) {
        if let Some(cluster) = &self.cluster {
            cluster.stop().await;
        }
    }

    /// Processes an envelope from another node; returns how the reader of the backplane may
    /// continue.
    pub(crate) fn receive_envelope(&self, subject: &Subject, envelope: Envelope) -> Pace {
        match &self.cluster {
            Some(cluster) => cluster.receive(self, subject, envelope),
            None => Pace::GoOn,
        }
    }

    /// Makes a connection known that is being opened: it can be disconnected.
    pub(crate) fn arrive(&self, connection: &Arc<Connection>) {
        self.arrivals.insert(connection);
    }

    /// Returns whether a connection may be registered, after its handshake.
    pub(crate) fn admit(&self, connection: &Arc<Connection>) -> Admitted {
        self.only_connections.admit(connection)
    }

    /// Records that the hub has accepted a connection.
    pub(crate) fn accept(&self, connection: &Arc<Connection>) {
        self.only_connections.accept(connection);
    }

    /// Registers a connection; from now on it receives messages.
    pub(crate) async fn connect(&self, connection: &Arc<Connection>) {
        self.protocols.note(connection.protocol());
        self.connections.insert(connection);
        let subjects = subjects_of(connection);
        if let Some(user) = connection.user_id() {
            let hear = || self.hear(&Subject::User(user.clone()));
            self.users.add(user, connection, hear);
        }
        // Only now, so that it can be found at any time.
        self.arrivals.remove(connection);
        let Some(cluster) = &self.cluster else { return };
        self.hear(&Subject::Connection(connection.id().clone()));
        cluster.start().await;
        for subject in subjects {
            cluster.heard(&subject).await;
        }
    }

    /// Removes a connection from the registered ones, its groups and its user. A second call does
    /// nothing.
    pub(crate) fn forget(&self, connection: &Connection) {
        self.arrivals.remove(connection);
        self.only_connections.remove(connection);
        if !self.connections.remove(connection) {
            return;
        }
        let groups = std::mem::take(&mut *connection.groups());
        for group in &groups {
            let forget = || self.stop_hearing(&Subject::Group(group.clone()));
            self.groups.remove(group, connection, forget);
        }
        if let Some(user) = connection.user_id() {
            let forget = || self.stop_hearing(&Subject::User(user.clone()));
            self.users.remove(user, connection, forget);
        }
        self.stop_hearing(&Subject::Connection(connection.id().clone()));
    }

    /// Subscribes to the messages of a subject; of this and
    /// [`Self::stop_hearing`], the latest call counts.
    pub(super) fn hear(&self, subject: &Subject) {
        if let Some(cluster) = &self.cluster {
            cluster.hear(subject.clone());
        }
    }

    /// Unsubscribes from the messages of a subject.
    pub(super) fn stop_hearing(&self, subject: &Subject) {
        if let Some(cluster) = &self.cluster {
            cluster.stop_hearing(subject.clone());
        }
    }

    /// Delivers a message that another node published.
    pub(crate) fn receive(
        &self,
        subject: &Subject,
        excluded: &[ConnectionId],
        message: &Received,
    ) -> Pace {
        let mut delivery = Delivery::new(message).except(excluded);
        match subject {
            Subject::All => self.connections.for_each(|member| delivery.offer(member)),
            Subject::Connection(id) => {
                if let Some(connection) = self.connections.get(id) {
                    delivery.offer(&connection);
                }
            }
            Subject::Group(group) => self.groups.for_each(group, |member| delivery.offer(member)),
            Subject::User(user) => self.users.for_each(user, |member| delivery.offer(member)),
            _ => {}
        }
        delivery.finish().unwrap_or_else(|error| {
            let hub = &self.hub;
            tracing::warn!(target: "hubwire::backplane", %hub, %error, "a message was not delivered");
            Pace::GoOn
        })
    }
}

impl HubLifetimeManager for DefaultHubLifetimeManager {
    fn send(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        when_busy: Option<&WhenBusy>,
    ) -> Sending {
        let key = when_busy.unwrap_or(&self.when_busy).key();
        if let Some(key) = key.filter(|key| key.len() > MessageKey::MAXIMUM_SIZE) {
            self.node.limits().message_key.count();
            return Sending::Done(Err(SendError::KeyTooLong {
                length: key.len(),
                limit: MessageKey::MAXIMUM_SIZE,
            }));
        }
        let message = self.message(method, arguments);
        let message = message.with_when_busy(when_busy, &self.when_busy);
        self.metrics.sent(target);
        self.send_in_turn(target, &message)
    }

    fn invoke(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        timeout: Option<Duration>,
    ) -> Result<RawClientResults, ClientResultError> {
        let timeout = timeout.unwrap_or(self.client_result_timeout);
        self.invoke_clients(target, method, arguments, timeout)
    }

    fn add_to_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>> {
        self.change_group(GroupAction::Add, connection_id, group)
    }

    fn remove_from_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>> {
        self.change_group(GroupAction::Remove, connection_id, group)
    }

    fn disconnect(&self, target: &Target, disconnect: Disconnect) -> usize {
        self.disconnect_local(target, &disconnect)
    }
}

/// Returns the subjects that a connection itself needs from other nodes.
fn subjects_of(connection: &Connection) -> Vec<Subject> {
    let mut subjects = vec![Subject::Connection(connection.id().clone())];
    subjects.extend(connection.user_id().cloned().map(Subject::User));
    subjects
}
