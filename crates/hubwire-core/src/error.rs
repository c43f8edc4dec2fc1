//! Errors between a hub and its receivers.

use std::time::Duration;

use hubwire_protocol::EncodeError;

/// The reason why a message was not sent at all.
///
/// What happens at a receiver is never reported here: a connection that cannot be written to ends
/// by itself.
///
/// `?` turns it into a `HubError` that is hidden from the caller, so a method that returns `HubResult` and ends with a
/// send says `Ok(cx.clients().all().send("Moved", (1, 2)).await?)`.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use hubwire::{SendError, SignalR, hub};
///
/// struct MapHub;
///
/// #[hub]
/// impl MapHub {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let signalr = SignalR::new();
/// let map = signalr.hub().build(MapHub);
/// let hub = map.context();
/// // Nobody is connected, which is no error.
/// assert!(hub.clients().all().send("Moved", (1, 2)).await.is_ok());
/// assert!(matches!(
///     hub.clients().groups(["north", ""]).send("Moved", (1, 2)).await,
///     Err(SendError::EmptyGroupName)
/// ));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// An argument could not be serialized in a protocol that a receiver speaks.
    #[error("the arguments of `{method}` cannot be serialized")]
    Encode {
        /// The client method that was to be called.
        method: String,
        /// The serializer's error.
        source: EncodeError,
    },
    /// A list of groups contained an empty name. The groups before it did receive the message, as
    /// in SignalR.
    #[error("Cannot send to an empty group name.")]
    EmptyGroupName,
    /// The key of a message of which only the latest counts is longer than
    /// [`MessageKey::MAXIMUM_SIZE`](crate::MessageKey::MAXIMUM_SIZE).
    #[error("a message's key of {length} bytes exceeds the {limit} bytes that are allowed")]
    KeyTooLong {
        /// The length of the key, in bytes.
        length: usize,
        /// The limit, in bytes.
        limit: usize,
    },
}

/// The reason why a connection was not added to or removed from a group.
///
/// ```
/// use hubwire::{GroupError, HubCallerContext, HubError, HubResult, hub};
///
/// struct RoomHub;
///
/// #[hub]
/// impl RoomHub {
///     pub async fn enter(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
///         match cx.groups().add(cx.connection_id(), room).await {
///             Err(GroupError::TooManyGroups { limit, .. }) => {
///                 Err(HubError::new(format!("You are in {limit} rooms already")))
///             }
///             added => Ok(added?),
///         }
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The connection is in as many groups as its hub allows.
    #[error(
        "connection `{connection_id}` is in {limit} groups, which is as many as its hub allows"
    )]
    TooManyGroups {
        /// The connection that was to join.
        connection_id: String,
        /// The hub's limit.
        limit: usize,
    },
    /// The name of the group is longer than the hub allows.
    #[error("a group name of {length} bytes exceeds the {limit} bytes that its hub allows")]
    NameTooLong {
        /// The length of the name, in bytes.
        length: usize,
        /// The hub's limit, in bytes.
        limit: usize,
    },
    /// The connection is not on this node, and the other nodes could not be reached.
    #[error("the other nodes could not be reached")]
    Backplane(#[from] BackplaneError),
    /// The connection is not on this node, and no other node acknowledged the change in time.
    #[error("no node acknowledged the change for connection `{connection_id}` within {waited:?}")]
    Unacknowledged {
        /// The connection that was to join or leave.
        connection_id: String,
        /// How long the node waited for an acknowledgement.
        waited: Duration,
    },
}

/// The reason why the backplane did not carry a message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackplaneError {
    /// The broker cannot be reached, or the pipeline to it is full. Nothing was or will be sent.
    #[error("the backplane is not available: {reason}")]
    Unavailable {
        /// The known cause.
        reason: String,
    },
}
