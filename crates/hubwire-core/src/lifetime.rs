//! What knows the connections of a hub and delivers to them.

use std::fmt;
use std::time::Duration;

use futures_core::future::BoxFuture;
use hubwire_protocol::Arguments;

use crate::{
    ClientResultError, ConnectionId, GroupError, GroupName, RawClientResults, SendError, Target,
};

/// Knows who is connected to a hub, in which groups and as which user, and delivers to them.
///
/// SignalR's `HubLifetimeManager`. The server has one for each hub; tests record with one of their own.
pub trait HubLifetimeManager: Send + Sync + 'static {
    /// Calls `method` on the clients of `target`, without waiting for results.
    ///
    /// Serializes and queues before it returns, and borrows nothing afterwards.
    fn send(&self, target: &Target, method: &str, arguments: &dyn Arguments) -> Sending;

    /// Calls `method` on each of the clients of `target` and hands on what it returns: a client result.
    ///
    /// Serializes and queues before it returns, and borrows nothing afterwards. Waits for all results
    /// together at most `timeout`; `None` is the hub's own limit.
    ///
    /// # Errors
    ///
    /// [`ClientResultError`] where no client was invoked, because of the arguments or the one that was meant.
    fn invoke(
        &self,
        target: &Target,
        method: &str,
        arguments: &dyn Arguments,
        timeout: Option<Duration>,
    ) -> Result<RawClientResults, ClientResultError>;

    /// Adds a connection to a group; resolves when messages to the group reach it.
    ///
    /// Adding twice, or adding a connection that does not exist, does nothing.
    fn add_to_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>>;

    /// Removes a connection from a group; resolves when messages to the group no longer reach it.
    ///
    /// Removing one that is no member, or does not exist, does nothing.
    fn remove_from_group(
        &self,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>>;
}

/// A send that is done, or that must wait for room in a queue.
///
/// An enum instead of a boxed future: nearly every send is done at once and should cost no allocation.
pub enum Sending {
    /// Nothing is left to wait for.
    Done(Result<(), SendError>),
    /// Resolves when the message is queued everywhere or its receiver is gone.
    Waiting(BoxFuture<'static, Result<(), SendError>>),
}

impl Sending {
    /// Waits for what is left to wait for.
    ///
    /// # Errors
    ///
    /// [`SendError`] when the message was not sent.
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
