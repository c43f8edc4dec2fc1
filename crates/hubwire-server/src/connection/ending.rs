//! Why a connection ends, and what its client and its hub are told about that.

use hubwire_core::ConnectionId;
use hubwire_protocol::{FrameError, ProtocolError};

use crate::hub::{DisconnectReason, HubError};

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum EndReason {
    Aborted,
    ClientClosed {
        error: Option<String>,
    },
    ClientTimedOut,
    /// The client answered a question that was put to another.
    ForeignAnswer {
        connection_id: ConnectionId,
        invocation_id: String,
    },
    /// The hook for new connections failed; the hub never had the connection.
    OnConnectedFailed(HubError),
    Protocol(ProtocolError),
    Shutdown,
    /// A read or a write failed: there is nobody left to tell.
    SocketFailed,
    TooSlow,
    /// The client closed the WebSocket, which was answered at once.
    WebSocketClosed,
    WebSocketViolated(FrameError),
}

/// What follows from an [`EndReason`].
#[derive(Debug)]
pub(crate) struct Ending {
    /// The hub message that says goodbye, where the client can still hear it.
    pub(crate) close: Option<CloseMessage>,
    /// What the hub is told; nothing where it never had the connection.
    pub(crate) reason: Option<DisconnectReason>,
}

/// The content of a Close message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CloseMessage {
    pub(crate) error: Option<String>,
    pub(crate) allow_reconnect: bool,
}

const CLOSED_WITH_ERROR: &str = "Connection closed with an error.";

impl Ending {
    /// The table of the protocol's section on the Close message.
    pub(crate) fn of(reason: EndReason, detailed_errors: bool) -> Self {
        match reason {
            EndReason::Aborted => Self::plain(DisconnectReason::Aborted),
            EndReason::ClientClosed { error: None } => Self::plain(DisconnectReason::ClientClosed),
            EndReason::ClientClosed { error: Some(text) } => {
                Self::plain(DisconnectReason::ClientFailed(text))
            }
            EndReason::ClientTimedOut => {
                Self::failed(DisconnectReason::ClientTimedOut, detailed_errors)
            }
            EndReason::ForeignAnswer {
                connection_id,
                invocation_id,
            } => Self::failed(
                DisconnectReason::ProtocolViolated {
                    type_name: "InvalidOperationException",
                    message: format!(
                        "Connection ID '{connection_id}' is not valid for invocation ID '{invocation_id}'."
                    ),
                },
                detailed_errors,
            ),
            EndReason::OnConnectedFailed(error) => Self {
                close: Some(CloseMessage {
                    error: Some(error.client_text(CLOSED_WITH_ERROR, detailed_errors)),
                    allow_reconnect: false,
                }),
                reason: None,
            },
            EndReason::Protocol(error) => Self::failed(
                DisconnectReason::ProtocolViolated {
                    type_name: error.exception_name(),
                    message: error.to_string(),
                },
                detailed_errors,
            ),
            EndReason::Shutdown => Self {
                close: Some(CloseMessage {
                    error: None,
                    allow_reconnect: true,
                }),
                reason: Some(DisconnectReason::ServerShutdown),
            },
            EndReason::SocketFailed | EndReason::WebSocketClosed => {
                Self::unheard(DisconnectReason::TransportClosed)
            }
            EndReason::TooSlow => Self::unheard(DisconnectReason::TooSlow),
            EndReason::WebSocketViolated(error) => {
                Self::unheard(DisconnectReason::TransportViolated(error.to_string()))
            }
        }
    }

    /// A goodbye after which the client does not come back.
    fn plain(reason: DisconnectReason) -> Self {
        Self {
            close: Some(CloseMessage {
                error: None,
                allow_reconnect: false,
            }),
            reason: Some(reason),
        }
    }

    fn failed(reason: DisconnectReason, detailed_errors: bool) -> Self {
        let error = match reason.error() {
            Some((type_name, text)) if detailed_errors => {
                format!("{CLOSED_WITH_ERROR} {type_name}: {text}")
            }
            _ => CLOSED_WITH_ERROR.to_owned(),
        };
        Self {
            close: Some(CloseMessage {
                error: Some(error),
                allow_reconnect: true,
            }),
            reason: Some(reason),
        }
    }

    fn unheard(reason: DisconnectReason) -> Self {
        Self {
            close: None,
            reason: Some(reason),
        }
    }
}
