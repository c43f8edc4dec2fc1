//! The reason for a connection's end, as its hub sees it.

use std::fmt;

use hubwire_core::{ConnectionId, Disconnect};
use hubwire_protocol::{Excerpt, ProtocolError};

/// The reason for a connection's end.
///
/// ```
/// use hubwire::{DisconnectReason, HubCallerContext, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {
///     async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
///         let id = cx.connection_id();
///         match reason {
///             DisconnectReason::ClientClosed => tracing::info!(%id, "said goodbye"),
///             other => tracing::warn!(%id, reason = %other, "is gone"),
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// Hub code aborted the connection.
    Aborted,
    /// The authentication of the user has expired, and the endpoint has
    /// [`close_on_authentication_expiration`](crate::EndpointOptions::close_on_authentication_expiration).
    AuthenticationExpired,
    /// The client closed the connection.
    ClientClosed,
    /// The client closed the connection because of an error.
    ClientFailed(String),
    /// The client was silent for longer than the client timeout.
    ClientTimedOut,
    /// Hub code disconnected the connection, its user or a group that it was in
    /// ([`HubContext`](crate::HubContext)); this is what the client was told.
    Disconnected(Disconnect),
    /// The client violated the protocol.
    ProtocolViolated {
        /// ASP.NET Core's name for this kind of error.
        type_name: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The user has connected again, and the hub keeps only the newest connection of each user
    /// ([`HubOptions::one_connection_per_user`](crate::HubOptions::one_connection_per_user)).
    Replaced,
    /// The server itself failed on this connection. The text is that of the panic, which is in the
    /// server's log.
    ///
    /// A panic of hub code ends only its call, not the connection.
    ServerFailed(String),
    /// The server is shutting down.
    ServerShutdown,
    /// The client did not read what was sent to it.
    TooSlow,
    /// The client's transport ended without an error.
    TransportClosed,
    /// The client's transport broke the rules of WebSockets.
    TransportViolated(String),
}

impl DisconnectReason {
    pub(crate) fn of_protocol(error: &ProtocolError) -> Self {
        Self::ProtocolViolated {
            type_name: error.exception_name(),
            message: error.to_string(),
        }
    }

    /// Creates the reason for a client that sent a result for an invocation of another connection.
    pub(crate) fn foreign_client_result(connection_id: &ConnectionId, invocation_id: &str) -> Self {
        Self::ProtocolViolated {
            type_name: "InvalidOperationException",
            message: format!(
                "Connection ID '{connection_id}' is not valid for invocation ID '{invocation_id}'."
            ),
        }
    }

    /// Returns whether the hub did not want the connection any more. If such a connection ends
    /// before its hub has been told of it, the hub is never told.
    pub(crate) fn is_removal(&self) -> bool {
        match self {
            Self::Disconnected(_) | Self::Replaced => true,
            Self::Aborted
            | Self::AuthenticationExpired
            | Self::ClientClosed
            | Self::ClientFailed(_)
            | Self::ClientTimedOut
            | Self::ProtocolViolated { .. }
            | Self::ServerFailed(_)
            | Self::ServerShutdown
            | Self::TooSlow
            | Self::TransportClosed
            | Self::TransportViolated(_) => false,
        }
    }

    /// Returns the type name and the text of the error that ended the connection, if it was an
    /// error.
    ///
    /// The names are those of the exceptions that ASP.NET Core passes to `OnDisconnectedAsync`.
    #[must_use]
    pub fn error(&self) -> Option<(&str, &str)> {
        match self {
            Self::Aborted
            | Self::AuthenticationExpired
            | Self::ClientClosed
            | Self::Disconnected(_)
            | Self::Replaced
            | Self::ServerShutdown
            | Self::TransportClosed => None,
            Self::ClientFailed(text) => Some(("HubException", text)),
            Self::ClientTimedOut => Some((
                "OperationCanceledException",
                "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.",
            )),
            Self::ProtocolViolated { type_name, message } => Some((type_name, message)),
            Self::ServerFailed(text) => Some(("Panic", text)),
            Self::TooSlow => Some((
                "OperationCanceledException",
                "The client did not read what was sent to it.",
            )),
            Self::TransportViolated(text) => Some(("WebSocketException", text)),
        }
    }
}

/// For a log: one line, of a text that the client wrote, or hub code, an [`Excerpt`] with its
/// control characters escaped.
impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted => f.write_str("aborted by the hub"),
            Self::AuthenticationExpired => f.write_str("the user's authentication has expired"),
            Self::ClientClosed => f.write_str("closed by the client"),
            Self::Disconnected(disconnect) => match disconnect.reason() {
                Some(reason) => write!(f, "disconnected by the hub: {:?}", Excerpt(reason)),
                None => f.write_str("disconnected by the hub"),
            },
            Self::Replaced => f.write_str("replaced by a newer connection of its user"),
            Self::ServerShutdown => f.write_str("server shutdown"),
            Self::TransportClosed => f.write_str("transport closed"),
            other => match other.error() {
                Some((_, text)) => write!(f, "{:?}", Excerpt(text)),
                None => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_writes_no_line_of_its_own() {
        let failed = DisconnectReason::ClientFailed("x\nFORGED".to_owned());
        assert_eq!(failed.to_string(), r"x\nFORGED");
        assert_eq!(failed.error(), Some(("HubException", "x\nFORGED")));
        let long = DisconnectReason::TransportViolated("x".repeat(10_000));
        assert_eq!(long.to_string(), "x".repeat(256) + "...");
    }

    #[test]
    fn a_reason_of_hub_code_stays_in_its_line() {
        let banned = Disconnect::for_good().because("Banned\nby ann");
        let reason = DisconnectReason::Disconnected(banned);
        let expected = r"disconnected by the hub: Banned\nby ann";
        assert_eq!(reason.to_string(), expected);
        assert_eq!(reason.error(), None);
    }
}
