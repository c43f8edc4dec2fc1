//! Why the user of a request could not be determined.

use std::error::Error;
use std::fmt;
use std::iter;

/// How many causes of an error are shown.
const MAXIMUM_CAUSES: usize = 16;

/// Why the user of a request could not be determined.
///
/// Clients do not see it; the log does, so it must contain no part of a token, a key or a password.
///
/// Every error that `?` turns into it means that nobody can tell whose the request is, as
/// [`AuthenticationError::unavailable`] does. Like [`HubError`](crate::HubError), it does not
/// implement [`Error`] itself for that reason.
///
/// ```
/// use hubwire::auth::AuthenticationError;
///
/// fn session_of(cookie: &str) -> Result<u32, AuthenticationError> {
///     match cookie.len() {
///         22 => Ok(std::fs::read_to_string("/sessions")?.len() as u32), // the store may be away
///         _ => Err(AuthenticationError::rejected("a session cookie of a wrong length")),
///     }
/// }
/// assert!(session_of("").unwrap_err().is_rejection());
/// assert!(!session_of("0123456789012345678901").unwrap_err().is_rejection());
/// ```
pub struct AuthenticationError {
    kind: Kind,
    cause: Box<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rejected,
    Unavailable,
}

impl AuthenticationError {
    /// Creates the error for credentials that are not valid; the request then has no user.
    pub fn rejected(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Rejected,
            cause: reason.into(),
        }
    }

    /// Creates the error for credentials that cannot be checked at the moment; the request is
    /// refused (503).
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Unavailable,
            cause: cause.into(),
        }
    }

    /// Returns whether the credentials are not valid.
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        self.kind == Kind::Rejected
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for AuthenticationError {
    fn from(cause: E) -> Self {
        Self::unavailable(cause)
    }
}

/// Shows the cause, and its causes.
impl fmt::Display for AuthenticationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)?;
        let sources = iter::successors(self.cause.source(), |&cause| cause.source());
        // An error may be its own cause.
        for cause in sources.take(MAXIMUM_CAUSES) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for AuthenticationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationError")
            .field("kind", &self.kind)
            .field("cause", &format_args!("{self}"))
            .finish()
    }
}
