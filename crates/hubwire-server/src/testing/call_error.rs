//! Why a call that a test made failed.

use std::error::Error;
use std::{fmt, io};

use hubwire_protocol::{EncodeError, RawItem};
use serde::de::DeserializeOwned;

use super::client_methods::Unscripted;

/// Why a call failed: the text that a client reads, and behind it what was hidden from the client.
///
/// A [`HubTester`](super::HubTester) and a [`TestClient`](super::TestClient) fail alike. Printed, as by `unwrap`, the
/// error shows both. It is compared with a text, and with others by its text.
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

/// Who or what ended the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// The hub answered with an error.
    Failed,
    /// No answer came any more.
    ConnectionLost,
    /// The test's own types do not fit.
    Misfit,
}

impl CallError {
    /// An error of which a client reads everything; to compare with.
    pub fn new(text: impl Into<String>) -> Self {
        Self::failed(text, None)
    }

    /// An error of which a client reads the text only.
    pub(super) fn failed(text: impl Into<String>, cause: Option<Cause>) -> Self {
        Self {
            text: text.into(),
            cause,
            reason: Reason::Failed,
        }
    }

    /// The transport ended before the call did.
    pub(super) fn lost(error: io::Error) -> Self {
        Self {
            text: format!("the connection was lost: {error}"),
            cause: Some(error.into()),
            reason: Reason::ConnectionLost,
        }
    }

    /// What the test sends has no encoding.
    pub(super) fn unsendable(what: &str, error: EncodeError) -> Self {
        Self {
            text: format!("the {what} cannot be sent"),
            cause: Some(error.into()),
            reason: Reason::Misfit,
        }
    }

    /// Decodes what the hub sent into the type that the test asked for.
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

    /// Says what clients were invoked for that nothing answers, where the error has no other cause.
    pub(super) fn for_want_of(mut self, answer: Option<Unscripted>) -> Self {
        if self.reason == Reason::Failed && self.cause.is_none() {
            self.cause = answer.map(Into::into);
        }
        self
    }

    /// Whether the connection was lost before the call ended; the text is then no client's.
    ///
    /// The cause is the [`io::Error`] of the transport. Never so of a [`HubTester`](super::HubTester), which has none.
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

    /// What a client reads.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was hidden from the client: the error itself, as the hub's method returned it.
    ///
    /// Of arguments and results that do not fit it is the decoder's, and of an unknown method the hint that the log has: the
    /// nearest name, or that the method is not `pub`. Where the hub invoked a client method for which the
    /// test has no answer, and the error that came of it hides nothing, it names the method and what gives it one.
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
