//! Why a call that a test made failed.

use std::error::Error;
use std::fmt;

use crate::hub::HubError;

/// Why a call failed: the text that a client reads, and behind it what was hidden from the client.
///
/// Printed, as by `unwrap`, it shows both. It is compared with a text, and with others by its text.
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
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl CallError {
    /// An error of which a client reads everything; to compare with.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            cause: None,
        }
    }

    /// An error of which a client reads the text only.
    pub(super) fn caused(
        text: impl Into<String>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            text: text.into(),
            cause: Some(cause.into()),
        }
    }

    /// What a method failed with.
    pub(super) fn of_hub(text: impl Into<String>, error: HubError) -> Self {
        Self {
            text: text.into(),
            cause: error.into_cause(),
        }
    }

    /// What a client reads.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was hidden from the client: the error itself from a [`HubTester`](super::HubTester), as text from a
    /// [`TestClient`](super::TestClient).
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
