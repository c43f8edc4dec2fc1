//! Hubs with hooks that fail.

use hubwire::{HubError, HubResult, hub};

/// Refuses all connections.
pub(crate) enum ChatThrowHub {
    /// With an error that is hidden from clients.
    Plain,
    /// With an error that a client would read if a method returned it.
    HubException,
}

#[hub]
impl ChatThrowHub {
    fn on_connected(&self) -> HubResult {
        Err(match self {
            Self::Plain => invalid_operation("connect boom"),
            Self::HubException => HubError::new("hub connect boom"),
        })
    }
}

/// Fails when a connection ends.
pub(crate) struct ChatThrowLaterHub;

#[hub]
impl ChatThrowLaterHub {
    fn on_disconnected(&self) -> HubResult {
        Err(invalid_operation("disconnect boom"))
    }

    pub fn echo(&self, value: Option<String>) -> Option<String> {
        value
    }
}

/// Returns .NET's error for an invalid operation.
pub(crate) fn invalid_operation(text: impl Into<String>) -> HubError {
    HubError::hidden(text.into()).with_type_name("InvalidOperationException")
}
