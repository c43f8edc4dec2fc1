//! What a client and its hub are told about the end of a connection.

use hubwire_protocol::Close;

use crate::connection::DisconnectReason;
use crate::hub::HubError;
use crate::node::{ErrorDetail, Whose, guarded_step_of};

/// The content of a Close message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CloseMessage {
    pub(super) error: Option<String>,
    pub(super) allow_reconnect: bool,
}

const CLOSED_WITH_ERROR: &str = "Connection closed with an error.";
const REPLACED: &str = "The user has connected again.";
const SECOND: &str = "The user is already connected.";

impl CloseMessage {
    /// Implements the table in the protocol's section on the Close message; returns `None` if
    /// nobody can receive it.
    pub(super) fn of(reason: &DisconnectReason, error_detail: ErrorDetail) -> Option<Self> {
        match reason {
            DisconnectReason::Aborted
            | DisconnectReason::ClientClosed
            | DisconnectReason::ClientFailed(_) => Some(Self {
                error: None,
                allow_reconnect: false,
            }),
            DisconnectReason::ClientTimedOut
            | DisconnectReason::ProtocolViolated { .. }
            | DisconnectReason::ServerFailed(_) => Some(Self::failed(reason, error_detail)),
            // Of a transport that has ended, only the last poll of a client that has asked for the
            // end can still receive it.
            DisconnectReason::AuthenticationExpired
            | DisconnectReason::ServerShutdown
            | DisconnectReason::TransportClosed => Some(Self {
                error: None,
                allow_reconnect: true,
            }),
            DisconnectReason::Disconnected(disconnect) => Some(Self {
                error: disconnect.reason().map(str::to_owned),
                allow_reconnect: disconnect.allows_reconnect(),
            }),
            DisconnectReason::Replaced => Some(Self::for_good(REPLACED)),
            DisconnectReason::TooSlow | DisconnectReason::TransportViolated(_) => None,
        }
    }

    /// Creates the message for a failed `on_connected` hook; the text of the error is hub code's.
    pub(super) fn of_refusal(
        error: &HubError,
        error_detail: ErrorDetail,
        whose: Whose<'_>,
    ) -> Self {
        let text = guarded_step_of(whose, "the error of a refusal", || {
            error.client_text(CLOSED_WITH_ERROR, error_detail)
        });
        Self {
            error: Some(text.unwrap_or_else(|| CLOSED_WITH_ERROR.to_owned())),
            allow_reconnect: false,
        }
    }

    /// Creates the message for a connection of a user who has one, if the hub keeps the oldest.
    pub(super) fn of_second_connection() -> Self {
        Self::for_good(SECOND)
    }

    fn for_good(error: &str) -> Self {
        Self {
            error: Some(error.to_owned()),
            allow_reconnect: false,
        }
    }

    pub(super) fn to_message(&self) -> Close<'_> {
        Close {
            error: self.error.as_deref().map(Into::into),
            allow_reconnect: self.allow_reconnect,
        }
    }

    fn failed(reason: &DisconnectReason, error_detail: ErrorDetail) -> Self {
        let error = match reason.error() {
            Some((type_name, text)) if error_detail == ErrorDetail::Shown => {
                format!("{CLOSED_WITH_ERROR} {type_name}: {text}")
            }
            _ => CLOSED_WITH_ERROR.to_owned(),
        };
        Self {
            error: Some(error),
            allow_reconnect: true,
        }
    }
}
