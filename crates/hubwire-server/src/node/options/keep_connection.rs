//! Which connection of a user stays, if there may be only one.

use serde::Deserialize;

/// Which connection of a user stays, if there may be only one
/// ([`HubOptions::one_connection_per_user`](super::HubOptions::one_connection_per_user)).
///
/// ```
/// use hubwire::options::KeepConnection;
/// use hubwire::{SignalR, hub};
///
/// struct GameHub;
///
/// #[hub]
/// impl GameHub {}
///
/// let signalr = SignalR::new();
/// let hub = signalr.hub();
/// let game = hub.one_connection_per_user(KeepConnection::Newest).build(GameHub);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeepConnection {
    /// The newest: once a connection's `on_connected` has accepted it, those before it, in the order
    /// of their handshakes, are disconnected for good with the reason `The user has connected
    /// again.` ([`DisconnectReason::Replaced`](crate::DisconnectReason::Replaced)), even if their
    /// `on_connected` still runs.
    ///
    /// Until then both exist. A client that was replaced is told not to reconnect, or the two would
    /// replace each other forever.
    Newest,
    /// The oldest: while a user has a connection, any other one is refused after its handshake,
    /// for good and with the reason `The user is already connected.`
    ///
    /// No hook runs for a connection that is refused. A connection counts from the end of its
    /// handshake on, even if its `on_connected` still runs. One that is ending or whose transport is gone counts no
    /// more, even if its `on_disconnected` still runs. But a client that has
    /// vanished without a word counts until the server notices: up to
    /// [`client_timeout_interval`](super::HubOptions::client_timeout_interval), or
    /// [`disconnect_timeout`](super::EndpointOptions::disconnect_timeout) if it polls.
    Oldest,
}
