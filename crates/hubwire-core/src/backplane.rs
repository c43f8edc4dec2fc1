//! What carries messages between the nodes of a farm.

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use crate::{BackplaneError, ConnectionId, GroupName, HubName, NodeId, UserId};

/// Carries envelopes between the nodes of a farm, at most once, in the order of one publisher.
///
/// It knows nothing of hubs or connections: all logic is in the lifetime manager, so that a driver for
/// another broker is one file.
///
/// A channel names its hub and nothing of the application, so nodes whose hubs have the same names are one farm.
/// A driver lets several applications share a broker by a prefix that it puts before its channels' names; without
/// one their hubs need names of their own.
pub trait Backplane: Send + Sync + 'static {
    /// Publishes to every subscriber of a channel, this node included.
    ///
    /// # Errors
    ///
    /// [`BackplaneError`] when the broker is not available; then nothing is delivered later either.
    fn publish(
        &self,
        to: Channel,
        what: Envelope,
    ) -> BoxFuture<'_, Result<Receivers, BackplaneError>>;

    /// Subscribes to channels; resolves when the broker has confirmed all of them.
    ///
    /// # Errors
    ///
    /// [`BackplaneError`] when the broker is not available.
    fn subscribe(&self, to: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>>;

    /// Gives subscriptions up; resolves when the broker has confirmed.
    ///
    /// # Errors
    ///
    /// [`BackplaneError`] when the broker is not available.
    fn unsubscribe(&self, from: Vec<Channel>) -> BoxFuture<'_, Result<(), BackplaneError>>;

    /// What arrives, and how the link to the broker fares. One reader at a time.
    fn events(&self) -> BoxStream<'static, BackplaneEvent>;
}

/// How many nodes an envelope was handed to, as far as the broker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receivers(pub u64);

/// What a backplane reports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BackplaneEvent {
    /// The broker cannot be reached.
    Down,
    /// An envelope arrived on a subscribed channel.
    Received(Channel, Envelope),
    /// The broker is reached again and all subscriptions stand.
    Up {
        /// Whether envelopes may have been missed in between.
        gap: bool,
    },
}

/// Where an envelope is published: one subject of one hub.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    /// The hub whose connections are meant; the same name on every node that has it.
    pub hub: HubName,
    /// Which of them, or which node.
    pub subject: Subject,
}

/// What a channel is about; the list of the Redis backplane of ASP.NET Core SignalR.
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
    /// Commands to whichever node holds a connection.
    GroupCommands,
    /// Every connection of a user.
    User(UserId),
}

/// Something one node tells others.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The node that published it, which drops it when it comes back.
    pub origin: NodeId,
    /// What it says.
    pub body: EnvelopeBody,
}

/// What an envelope says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EnvelopeBody {
    /// A group command was carried out.
    Acknowledgement {
        /// The id of the command, unique at its sender.
        id: i32,
    },
    /// A word between Hubwire nodes that others ignore.
    Control {
        /// What it is about.
        kind: String,
        /// Whatever that kind carries.
        payload: Bytes,
    },
    /// Whoever holds the connection is to change a group.
    GroupCommand {
        /// Comes back in the acknowledgement.
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
    },
}

/// What a group command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupAction {
    /// Adds the connection to the group.
    Add,
    /// Removes the connection from the group.
    Remove,
}
