//! The backplane, which carries messages between the nodes of a farm.

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use crate::{BackplaneError, ConnectionId, GroupName, HubName, NodeId, UserId, WhenBusy};

/// Carries envelopes between the nodes of a farm: at most once, and in order for each publisher.
///
/// A backplane knows nothing of hubs or connections. All logic is in the lifetime manager, so a
/// driver for another broker is a single file.
///
/// A channel identifies a hub by name and carries nothing of the application, so nodes whose hubs
/// have the same names form one farm. A driver that lets several applications share a broker takes
/// a prefix and puts it before each channel name. Without a prefix, the hubs of different
/// applications must have different names.
pub trait Backplane: Send + Sync + 'static {
    /// Publishes an envelope to every subscriber of a channel, this node included.
    ///
    /// # Errors
    ///
    /// Returns [`BackplaneError`] if the broker is not available; the envelope is not delivered
    /// later either.
    fn publish(
        &self,
        to: Channel,
        what: Envelope,
    ) -> BoxFuture<'_, Result<Receivers, BackplaneError>>;

    /// Subscribes to channels; resolves once the broker has confirmed all of them.
    ///
    /// # Errors
    ///
    /// Returns [`BackplaneError`] if the broker is not available.
    fn subscribe(&self, to: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>>;

    /// Cancels subscriptions; resolves once the broker has confirmed.
    ///
    /// # Errors
    ///
    /// Returns [`BackplaneError`] if the broker is not available.
    fn unsubscribe(&self, from: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>>;

    /// Returns a stream of received envelopes and of changes in the link to the broker. It has one
    /// reader at a time.
    fn events(&self) -> BoxStream<'static, BackplaneEvent>;
}

/// The number of nodes an envelope was handed to, as far as the broker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receivers(pub u64);

/// An event that a backplane reports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BackplaneEvent {
    /// The broker cannot be reached.
    Down,
    /// An envelope arrived on a subscribed channel.
    Received(Channel, Envelope),
    /// The broker is reachable again and all subscriptions are in place.
    Up {
        /// Whether envelopes may have been missed in the meantime.
        gap: bool,
    },
}

/// The destination of an envelope: one subject of one hub.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    /// The hub, by the name that it has on every node.
    pub hub: HubName,
    /// Which of the hub's connections, or which node.
    pub subject: Subject,
}

/// The subject of a channel; the variants are those of ASP.NET Core SignalR's Redis backplane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// Acknowledgements to one node.
    Acknowledgements(NodeId),
    /// Every connection of the hub.
    All,
    /// One connection.
    Connection(ConnectionId),
    /// The members of a group.
    Group(GroupName),
    /// Commands to the node that holds a connection.
    GroupCommands,
    /// Every connection of a user.
    User(UserId),
}

/// A message from one node to others.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The node that published it, which drops the envelope when it comes back.
    pub origin: NodeId,
    /// The content.
    pub body: EnvelopeBody,
}

/// The content of an envelope.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EnvelopeBody {
    /// A group command was carried out.
    Acknowledgement {
        /// The id of the command, unique at its sender.
        id: i32,
    },
    /// A message between Hubwire nodes that other implementations ignore.
    Control {
        /// The kind of message.
        kind: String,
        /// The payload; its format depends on the kind.
        payload: Bytes,
    },
    /// A request to the node that holds the connection to change a group.
    GroupCommand {
        /// The id of the command, repeated in the acknowledgement.
        id: i32,
        /// Whether to add or to remove.
        action: GroupAction,
        /// The group to change.
        group: GroupName,
        /// The connection that joins or leaves.
        connection_id: ConnectionId,
    },
    /// A hub message for the connections of the channel's subject.
    Message {
        /// Connections that do not receive it.
        excluded: Vec<ConnectionId>,
        /// The framed hub message in each protocol, by the protocol's name.
        payloads: Vec<(String, Bytes)>,
        /// What becomes of it where a client is busy. `None`, also in an envelope of a node that
        /// does not know policies, means what the receiving node's hub says.
        when_busy: Option<WhenBusy>,
    },
}

/// The action of a group command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupAction {
    /// Adds the connection to the group.
    Add,
    /// Removes the connection from the group.
    Remove,
}
