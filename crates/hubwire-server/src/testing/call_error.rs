//! The error of a call that a test made.

use std::error::Error;
use std::{fmt, io};

use hubwire_protocol::{EncodeError, RawItem};
use serde::de::DeserializeOwned;

use super::client_methods::Unscripted;

/// The error of a failed call: the text that a client reads, and the cause that is hidden from the
/// client.
///
/// [`HubTester`](super::HubTester) and [`TestClient`](super::TestClient) return the same error. Its
/// `Debug` output, which `unwrap` prints, contains both. It can be compared with a text; two errors
/// are equal if their texts are.
///
/// ```
/// use hubwire::testing::HubTester;
/// use hubwire::{HubResult, hub};
///
/// struct FilesHub;
///
/// #[hub]
/// impl FilesHub {
///     pub async fn read(&self, name: String) -> HubResult<String> {
///         Err(std::io::Error::other(format!("{name} is on fire")).into())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let tester = HubTester::new(FilesHub);
/// let error = tester.caller("ann").invoke("Read", ("a.txt",)).await.unwrap_err();
/// assert_eq!(error, "An unexpected error occurred invoking 'Read' on the server.");
/// assert!(error.cause().is_some_and(|cause| cause.is::<std::io::Error>()));
/// assert!(format!("{error:?}").contains("a.txt is on fire"));
/// # }
/// ```
pub struct CallError {
    text: String,
    cause: Option<Cause>,
    reason: Reason,
}

type Cause = Box<dyn Error + Send + Sync>;

/// Why the call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// The hub responded with an error.
    Failed,
    /// The connection ended before a response arrived.
    ConnectionLost,
    /// A value of the test does not fit its type, or cannot be encoded.
    Misfit,
}

impl CallError {
    /// Creates an error without a cause, to compare with.
    pub fn new(text: impl Into<String>) -> Self {
        Self::failed(text, None)
    }

    /// Creates an error of the hub with its hidden cause.
    pub(super) fn failed(text: impl Into<String>, cause: Option<Cause>) -> Self {
        Self {
            text: text.into(),
            cause,
            reason: Reason::Failed,
        }
    }

    /// Creates an error for a transport that ended before the call did.
    pub(super) fn lost(error: io::Error) -> Self {
        Self {
            text: format!("the connection was lost: {error}"),
            cause: Some(error.into()),
            reason: Reason::ConnectionLost,
        }
    }

    /// Creates an error for a value of the test that cannot be encoded.
    pub(super) fn unsendable(what: &str, error: EncodeError) -> Self {
        Self {
            text: format!("the {what} cannot be sent"),
            cause: Some(error.into()),
            reason: Reason::Misfit,
        }
    }

    /// Decodes a value that the hub sent as the type that the test asked for.
    pub(super) fn decoded<T: DeserializeOwned>(item: &RawItem<'_>) -> Result<T, Self> {
        item.decode().map_err(|error| {
            let sent = serde_json::to_string(item).unwrap_or_default();
            Self {
                text: format!("the hub sent {sent}, which has another type"),
                cause: Some(error.into()),
                reason: Reason::Misfit,
            }
        })
    }

    /// Sets the missing handler as the cause, if the hub returned an error without another cause.
    pub(super) fn for_want_of(mut self, answer: Option<Unscripted>) -> Self {
        if self.reason == Reason::Failed && self.cause.is_none() {
            self.cause = answer.map(Into::into);
        }
        self
    }

    /// Returns whether the connection was lost before the call ended. The text is then not one that
    /// a client reads.
    ///
    /// The cause is the [`io::Error`] of the transport. An error of
    /// [`HubTester`](super::HubTester), which has no transport, is never of this kind.
    ///
    /// ```
    /// use hubwire::testing::TestClient;
    /// use hubwire::{HubCallerContext, SignalR, hub};
    ///
    /// struct DoorHub;
    ///
    /// #[hub]
    /// impl DoorHub {
    ///     pub async fn throw_me_out(&self, cx: &HubCallerContext<Self>) {
    ///         cx.abort();
    ///         std::future::pending().await
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hub = SignalR::new().hub().build(DoorHub);
    /// let mut client = TestClient::connect(&hub.endpoint()).await?;
    /// let error = client.invoke("ThrowMeOut", ()).await.unwrap_err();
    /// assert!(error.is_connection_lost());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        self.reason == Reason::ConnectionLost
    }

    /// Returns the text that a client reads.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the error that is hidden from the client, as the hub's method returned it.
    ///
    /// If arguments or a result do not fit, it is the decoder's error. If there is no
    /// such method, it is the hint that the log has. If the hub invoked a client
    /// method without a handler in the test, and the resulting error has no other cause, it names
    /// the method and how to add a handler.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.cause.as_deref()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("CallError");
        output.field("text", &self.text);
        if let Some(cause) = &self.cause {
            output.field("cause", cause);
        }
        output.finish()
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl From<String> for CallError {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for CallError {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq for CallError {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl PartialEq<str> for CallError {
    fn eq(&self, text: &str) -> bool {
        self.text == text
    }
}

impl PartialEq<&str> for CallError {
    fn eq(&self, text: &&str) -> bool {
        self.text == *text
    }
}

impl PartialEq<String> for CallError {
    fn eq(&self, text: &String) -> bool {
        self.text == *text
    }
}
