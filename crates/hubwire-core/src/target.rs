//! The receivers of a message.

use crate::{ConnectionId, GroupName, UserId};

/// The receivers of a message, named as in SignalR's selectors.
///
/// Connections, groups and users that do not exist receive nothing, silently. A connection that is
/// listed twice receives the message once; a member of two listed groups receives it once for
/// each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Every connection of the hub.
    All,
    /// Every connection of the hub except these.
    AllExcept(Vec<ConnectionId>),
    /// One connection.
    Connection(ConnectionId),
    /// These connections.
    Connections(Vec<ConnectionId>),
    /// The members of a group.
    Group(GroupName),
    /// The members of a group except these connections.
    GroupExcept(GroupName, Vec<ConnectionId>),
    /// The members of each of these groups.
    Groups(Vec<GroupName>),
    /// Every connection of a user.
    User(UserId),
    /// Every connection of these users.
    Users(Vec<UserId>),
}
