//! The lifetime manager, which knows the connections of a hub and delivers to them.

use std::fmt;
use std::time::Duration;

use futures_core::future::BoxFuture;
use hubwire_protocol::Arguments;

use crate::{
    ClientResultError, ConnectionId, Disconnect, GroupError, GroupName, RawClientResults,
    SendError, Target, WhenBusy,
};

/// Tracks who is connected to a hub, in which groups and as which user, and delivers messages to
/// them.
///
/// This is SignalR's `HubLifetimeManager`. The server has one for each hub; tests use one that
/// records.
pub trait HubLifetimeManager: Send + Sync + 'static {
    /// Calls `method` on the clients of `target`, without waiting for results.
    ///
    /// Serializes and queues before it returns, and borrows nothing afterwards. `when_busy` says
    /// what becomes of the message where a client is busy; `None` means what the hub says.
    fn send(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        when_busy: Option<&WhenBusy>,
    ) -> Sending;

    /// Calls `method` on each client of `target` and returns what the clients return: client
    /// results.
    ///
    /// Serializes and queues before it returns, and borrows nothing afterwards. Waits for all
    /// results together for at most `timeout`; `None` means the hub's own limit.
    /// # Errors
    ///
    /// Returns [`ClientResultError`] if no client was invoked: the arguments cannot be sent, or
    /// the target connection cannot be invoked.
    fn invoke(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        timeout: Option<Duration>,
    ) -> Result<RawClientResults, ClientResultError>;

    /// Adds a connection to a group; resolves once messages to the group reach it.
    ///
    /// Adding it twice, or adding a connection that does not exist, does nothing.
    fn add_to_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>>;

    /// Removes a connection from a group; resolves once messages to the group no longer reach it.
    ///
    /// Removing a connection that is not a member, or does not exist, does nothing.
    fn remove_from_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>>;

    /// Disconnects the connections of `target` on this node, and returns how many of them this call
    /// has told to end: one that is ending already does not count.
    ///
    /// Waits for nothing, and runs no code of the application under a lock.
    fn disconnect(&self, target: &Target, disconnect: Disconnect) -> usize;
}

/// A send that is done, or that must wait for space in a queue.
///
/// An enum instead of a boxed future, because nearly every send is done at once and should not
/// allocate.
pub enum Sending {
    /// The send is done.
    Done(Result<(), SendError>),
    /// Resolves once the message is queued for every receiver that still exists.
    Waiting(BoxFuture<'static, Result<(), SendError>>),
}

impl Sending {
    /// Waits until the send is done.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] if the message was not sent.
    pub async fn finish(self) -> Result<(), SendError> {
        match self {
            Self::Done(result) => result,
            Self::Waiting(rest) => rest.await,
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(result) => f.debug_tuple("Done").field(result).finish(),
            Self::Waiting(_) => f.write_str("Waiting"),
        }
    }
}
