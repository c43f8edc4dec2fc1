//! The other nodes of the farm, as the lifetime manager of a hub sees them.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use hubwire_core::{
    Backplane, BackplaneError, Channel, ConnectionId, EncodedMessage, Envelope, EnvelopeBody,
    GroupAction, GroupError, GroupName, HubName, NodeId, OutgoingInvocation, SendError, Subject,
    Target, WhenBusy,
};
use hubwire_protocol::HubProtocol;
use tokio::sync::{OnceCell, oneshot};

use super::manager::DefaultHubLifetimeManager;
use super::metrics::ClusterMetrics;
use super::received::Received;
use super::sending::distinct;
use super::subscriptions::{Request, Subscriptions};
use crate::node::{Node, Occurrences, Repeated, caught};
use crate::outbound::Pace;

/// How long another node may take to acknowledge a group command.
const ACKNOWLEDGEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// The backplane, as used by one hub.
#[derive(Clone)]
pub(crate) struct Cluster {
    shared: Arc<Shared>,
}

struct Shared {
    hub: HubName,
    node: Arc<Node>,
    backplane: Arc<dyn Backplane>,
    subscriptions: Arc<Subscriptions>,
    commands: Mutex<HashMap<i32, oneshot::Sender<()>>>,
    next_command: AtomicI32,
    started: OnceCell<()>,
    /// Messages that the broker did not take, each with its error.
    unpublished: Repeated<String>,
    metrics: ClusterMetrics,
}

impl Cluster {
    pub(crate) fn new(hub: HubName, node: Arc<Node>, backplane: Arc<dyn Backplane>) -> Self {
        Self {
            shared: Arc::new(Shared {
                metrics: ClusterMetrics::new(&hub),
                hub,
                node,
                backplane,
                subscriptions: Arc::new(Subscriptions::new()),
                commands: Mutex::default(),
                next_command: AtomicI32::new(0),
                started: OnceCell::new(),
                unpublished: Repeated::default(),
            }),
        }
    }

    /// Subscribes to what concerns the hub as a whole; a node without connections does not need
    /// it.
    pub(crate) async fn start(&self) {
        let start = async {
            for subject in self.subjects() {
                self.hear(subject.clone());
                self.heard(&subject).await;
            }
        };
        self.shared.started.get_or_init(|| start).await;
    }

    /// Unsubscribes from what concerns the hub as a whole.
    pub(crate) async fn stop(&self) {
        if self.shared.started.initialized() {
            for subject in self.subjects() {
                self.stop_hearing(subject.clone());
                self.heard(&subject).await;
            }
        }
    }

    fn subjects(&self) -> [Subject; 3] {
        let node = self.shared.node.id().clone();
        [
            Subject::All,
            Subject::GroupCommands,
            Subject::Acknowledgements(node),
        ]
    }

    /// Subscribes to the messages of a subject without waiting.
    pub(crate) fn hear(&self, subject: Subject) {
        self.want(subject, Request::Subscribe);
    }

    /// Unsubscribes from the messages of a subject without waiting.
    pub(crate) fn stop_hearing(&self, subject: Subject) {
        self.want(subject, Request::Unsubscribe);
    }

    fn want(&self, subject: Subject, request: Request) {
        let Shared {
            backplane,
            node,
            subscriptions,
            ..
        } = &*self.shared;
        let channel = self.channel(subject);
        subscriptions.want(backplane, node, channel, request);
    }

    /// Resolves once the broker has confirmed the latest request for a subject.
    pub(crate) async fn heard(&self, subject: &Subject) {
        let channel = self.channel(subject.clone());
        self.shared.subscriptions.settled(&channel).await;
    }

    fn channel(&self, subject: Subject) -> Channel {
        Channel {
            hub: self.shared.hub.clone(),
            subject,
        }
    }

    /// Publishes a message to the other nodes; returns `None` if no other node can have a
    /// receiver.
    pub(crate) fn publish(
        &self,
        target: &Target,
        message: &OutgoingInvocation<'_>,
        is_local: impl Fn(&ConnectionId) -> bool,
    ) -> Result<Option<BoxFuture<'static, ()>>, SendError> {
        let (subjects, excluded) = subjects(target, is_local);
        if subjects.is_empty() {
            return Ok(None);
        }
        let mut payloads = Vec::new();
        for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
            let payload = message.encoded(protocol)?.message();
            payloads.push((protocol.name().to_owned(), payload));
        }
        let body = EnvelopeBody::Message {
            excluded,
            payloads,
            when_busy: message.when_busy().cloned(),
        };
        let this = self.clone();
        Ok(Some(Box::pin(async move {
            for subject in subjects {
                // The message has reached local receivers even if the other nodes cannot be
                // reached.
                if let Err(error) = this.tell(subject, body.clone()).await {
                    this.stayed(&error);
                }
            }
        })))
    }

    /// Counts a message that no other node has got, and logs it if it is time to.
    fn stayed(&self, error: &BackplaneError) {
        let Shared {
            node,
            unpublished,
            metrics,
            ..
        } = &*self.shared;
        metrics.unsent.add(1);
        if let Some(occurrences) = unpublished.happened(node.now(), || error.to_string()) {
            self.log_stayed(occurrences, error);
        }
    }

    pub(super) fn pass_on_metrics(&self) {
        self.shared.metrics.pass_on();
    }

    /// Logs what was counted since the last line.
    pub(super) fn say_the_rest(&self, now: u64) {
        if let Some((occurrences, error)) = self.shared.unpublished.rest(now) {
            self.log_stayed(occurrences, &error);
        }
    }

    fn log_stayed(&self, occurrences: Occurrences, error: &dyn fmt::Display) {
        tracing::warn!(
            target: "hubwire::backplane",
            hub = %self.shared.hub,
            since_last_line = occurrences.since_last_line,
            %error,
            "a message stayed on this node"
        );
    }

    async fn tell(&self, subject: Subject, body: EnvelopeBody) -> Result<(), BackplaneError> {
        let envelope = Envelope {
            origin: self.shared.node.id().clone(),
            body,
        };
        let channel = self.channel(subject);
        self.shared.backplane.publish(channel, envelope).await?;
        Ok(())
    }

    /// Tells the node that has the connection to change a group, and waits for its
    /// acknowledgement.
    pub(crate) fn change_remote_group(
        &self,
        action: GroupAction,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>> {
        let this = self.clone();
        Box::pin(async move {
            let id = this.shared.next_command.fetch_add(1, Ordering::Relaxed);
            let (acknowledge, acknowledged) = oneshot::channel();
            this.commands().insert(id, acknowledge);
            let _awaited = AwaitedCommand { cluster: &this, id };
            let command = EnvelopeBody::GroupCommand {
                id,
                action,
                group,
                connection_id: connection_id.clone(),
            };
            // The acknowledgement reaches only a subscribed node, and a node without connections
            // may not be subscribed yet.
            this.shared.node.start();
            let changed = async {
                this.start().await;
                this.tell(Subject::GroupCommands, command).await?;
                // The sender is dropped only together with the command.
                let _ = acknowledged.await;
                Ok(())
            };
            let changed = tokio::time::timeout(ACKNOWLEDGEMENT_TIMEOUT, changed).await;
            changed.unwrap_or_else(|_| {
                Err(GroupError::Unacknowledged {
                    connection_id: connection_id.to_string(),
                    waited: ACKNOWLEDGEMENT_TIMEOUT,
                })
            })
        })
    }

    fn commands(&self) -> MutexGuard<'_, HashMap<i32, oneshot::Sender<()>>> {
        self.shared
            .commands
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Processes an envelope from another node.
    pub(super) fn receive(
        &self,
        manager: &DefaultHubLifetimeManager,
        subject: &Subject,
        envelope: Envelope,
    ) -> Pace {
        if envelope.origin == *self.shared.node.id() {
            return Pace::GoOn;
        }
        match envelope.body {
            EnvelopeBody::Message {
                excluded,
                payloads,
                when_busy,
            } => {
                self.shared.metrics.received.add(1);
                let when_busy = when_busy.as_ref().unwrap_or_else(|| manager.when_busy());
                return manager.receive(subject, &excluded, &received(&payloads, when_busy));
            }
            EnvelopeBody::Acknowledgement { id } => {
                if let Some(acknowledge) = self.commands().remove(&id) {
                    // The sender of the command may have stopped waiting.
                    let _ = acknowledge.send(());
                }
            }
            EnvelopeBody::GroupCommand {
                id,
                action,
                group,
                connection_id,
            } => {
                if let Some(changed) = manager.change_local_group(action, &connection_id, &group) {
                    // The broker's confirmation may arrive through this very loop.
                    let this = self.clone();
                    let acknowledged = caught(async move {
                        match changed {
                            Ok(heard) => heard.await,
                            // The command cannot report this; its sender only learns that the
                            // command arrived.
                            Err(error) => {
                                tracing::warn!(
                                    target: "hubwire::backplane",
                                    hub = %this.shared.hub,
                                    %connection_id,
                                    %error,
                                    "a group stays as it is"
                                );
                            }
                        }
                        this.acknowledge(envelope.origin, id).await;
                    });
                    self.shared.node.spawn(async move {
                        if let Err(panic) = acknowledged.await {
                            panic.log("an acknowledgement");
                        }
                    });
                }
            }
            _ => {}
        }
        Pace::GoOn
    }

    async fn acknowledge(&self, node: NodeId, id: i32) {
        let body = EnvelopeBody::Acknowledgement { id };
        if let Err(error) = self.tell(Subject::Acknowledgements(node), body).await {
            let hub = &self.shared.hub;
            tracing::warn!(target: "hubwire::backplane", %hub, %error, "an acknowledgement was not sent");
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("hub", &self.shared.hub)
            .field("node", self.shared.node.id())
            .finish_non_exhaustive()
    }
}

/// Returns the channels to publish to, and the connections that are excluded there.
fn subjects(
    target: &Target,
    is_local: impl Fn(&ConnectionId) -> bool,
) -> (Vec<Subject>, Vec<ConnectionId>) {
    let mut excluded = Vec::new();
    let subjects = match target {
        Target::All => vec![Subject::All],
        Target::AllExcept(ids) => {
            excluded.clone_from(ids);
            vec![Subject::All]
        }
        Target::Connection(id) if is_local(id) => Vec::new(),
        Target::Connection(id) => vec![Subject::Connection(id.clone())],
        Target::Connections(ids) => {
            let remote = distinct(ids).filter(|id| !is_local(id));
            remote.map(|id| Subject::Connection(id.clone())).collect()
        }
        Target::Group(group) => vec![Subject::Group(group.clone())],
        Target::GroupExcept(group, ids) => {
            excluded.clone_from(ids);
            vec![Subject::Group(group.clone())]
        }
        Target::Groups(groups) => {
            let named = groups.iter().take_while(|group| !group.is_empty());
            named.cloned().map(Subject::Group).collect()
        }
        Target::User(user) => vec![Subject::User(user.clone())],
        Target::Users(users) => distinct(users).cloned().map(Subject::User).collect(),
        _ => Vec::new(),
    };
    (subjects, excluded)
}

/// A command that waits for its acknowledgement.
struct AwaitedCommand<'a> {
    cluster: &'a Cluster,
    id: i32,
}

impl Drop for AwaitedCommand<'_> {
    fn drop(&mut self) {
        self.cluster.commands().remove(&self.id);
    }
}

fn received(payloads: &[(String, Bytes)], when_busy: &WhenBusy) -> Received {
    let find = |protocol: HubProtocol| {
        let (_, payload) = payloads.iter().find(|(name, _)| name == protocol.name())?;
        let (message, when_busy) = (payload.to_vec(), when_busy.clone());
        Some(EncodedMessage::with_when_busy(protocol, message, when_busy))
    };
    Received {
        json: find(HubProtocol::Json),
        messagepack: find(HubProtocol::MessagePack),
    }
}
