//! Why somebody is not signed in, and the response to that.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::response::{IntoResponse, Response};

/// Why a request gets no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is not what it should be.
    NoSignIn,
    /// The name has no characters, too many, or such as no name has.
    NoName,
    /// An account or another guest has the name.
    NameTaken,
    /// The request has no token that can be renewed.
    NotRenewed,
    /// The body is too long.
    TooLarge,
    /// Too many guests have tokens that are good.
    TooManyGuests {
        /// When the first of them expires.
        retry_after: Duration,
    },
    /// Too many passwords wait to be verified.
    TooManySignIns,
    /// The body does not arrive.
    TooSlow,
    /// The user is unknown, or the password is another one.
    WrongPassword,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NoSignIn | Self::NoName => StatusCode::BAD_REQUEST,
            Self::NameTaken => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyGuests { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManySignIns => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NotRenewed | Self::WrongPassword => StatusCode::UNAUTHORIZED,
        }
    }

    /// Returns why, as logs and metrics name it.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::NoSignIn => "no_sign_in",
            Self::NoName => "no_name",
            Self::NameTaken => "name_taken",
            Self::NotRenewed => "not_renewed",
            Self::TooLarge => "too_large",
            Self::TooManyGuests { .. } => "too_many_guests",
            Self::TooManySignIns => "too_many_sign_ins",
            Self::TooSlow => "too_slow",
            Self::WrongPassword => "wrong_password",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NoSignIn => {
                "Send {\"user\", \"password\"}, {\"guest\": true, \"name\"} or {\"renew\": true}.\n"
            }
            Self::NoName => "A name has 1 to 40 letters, digits, spaces and - _ . '\n",
            Self::NameTaken => "Somebody has this name already.\n",
            Self::NotRenewed => "Please sign in again.\n",
            Self::TooLarge => "This is too long.\n",
            Self::TooManyGuests { .. } => "The shop is full. Please try again later.\n",
            Self::TooManySignIns => "Too many people are signing in. Please try again.\n",
            Self::TooSlow => "The request did not arrive.\n",
            Self::WrongPassword => "The name or the password is wrong.\n",
        }
    }

    fn retry_after(self) -> Option<Duration> {
        match self {
            Self::TooManyGuests { retry_after } => Some(retry_after),
            Self::TooManySignIns => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response =
            (self.status(), [(CACHE_CONTROL, "no-store")], self.text()).into_response();
        if let Some(time) = self.retry_after() {
            // Never too early.
            let seconds = time.as_secs() + 1;
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
