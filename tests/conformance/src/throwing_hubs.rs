//! Hubs whose hooks fail.

use hubwire::{HubError, HubResult, hub};

/// Lets nobody in.
pub(crate) enum ChatThrowHub {
    /// With an error that is hidden from clients.
    Plain,
    /// With an error that a client of a method would read.
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

/// .NET's error for what should not have been done.
pub(crate) fn invalid_operation(text: impl Into<String>) -> HubError {
    HubError::hidden(text.into()).with_type_name("InvalidOperationException")
}
