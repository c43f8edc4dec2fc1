//! The error of a hub method as an HTTP response, for handlers that send to clients.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use hubwire_protocol::{Excerpt, LimitedExcerpt};

use super::HubError;
use crate::node::{NodeClock, Occurrences, Repeated};

/// The text that an HTTP client reads for a hidden error.
const HIDDEN: &str = "An error occurred on the server.";

/// How many characters of a cause are said, and kept until then.
const CAUSE_LENGTH: usize = 1024;

/// Of all handlers of the process: a response knows neither its route nor a server.
static FAILED: LazyLock<FailedResponses> = LazyLock::new(FailedResponses::new);

/// 400 with the text of an error that is shown; else 500 without it, and a line in the log, of which there is one in ten
/// seconds.
///
/// Both are `text/plain`. If your API uses another status for an error, match the error before it
/// is converted to a `HubError`.
impl IntoResponse for HubError {
    fn into_response(self) -> Response {
        if self.is_shown() {
            tracing::debug!(target: "hubwire::http", error = ?Excerpt(&self), "an HTTP handler refused");
            return (StatusCode::BAD_REQUEST, self.to_string()).into_response();
        }
        FAILED.count(&self);
        (StatusCode::INTERNAL_SERVER_ERROR, HIDDEN).into_response()
    }
}

/// Says how often handlers failed since that was last said; the sweep does.
pub(crate) fn say_the_rest_of_responses() {
    if let Some(failed) = LazyLock::get(&FAILED) {
        failed.say_the_rest();
    }
}

/// The handlers that failed, with the first error that was not said yet.
struct FailedResponses {
    clock: NodeClock,
    repeated: Repeated<String>,
}

impl FailedResponses {
    fn new() -> Self {
        Self {
            clock: NodeClock::new(),
            repeated: Repeated::default(),
        }
    }

    fn count(&self, error: &HubError) {
        let shown = || {
            let text = format_args!("{error:?}");
            format!("{:?}", LimitedExcerpt::new(text, CAUSE_LENGTH))
        };
        match self.repeated.happened(self.clock.now(), shown) {
            Some(failures) => say(failures, &shown()),
            None => {
                tracing::debug!(target: "hubwire::http", error = %shown(), "an HTTP handler failed");
            }
        }
    }

    fn say_the_rest(&self) {
        if let Some((failures, error)) = self.repeated.rest(self.clock.now()) {
            say(failures, &error);
        }
    }
}

fn say(failures: Occurrences, error: &str) {
    let failures = failures.total;
    tracing::error!(target: "hubwire::http", failures, %error, "an HTTP handler failed");
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn response(error: HubError) -> (StatusCode, String) {
        let response = error.into_response();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1024).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_what_is_shown_is_in_the_response() {
        let shown = response(HubError::new("Order 7 is not paid")).await;
        let bad_request = StatusCode::BAD_REQUEST;
        assert_eq!(shown, (bad_request, "Order 7 is not paid".to_owned()));
        let failed = (StatusCode::INTERNAL_SERVER_ERROR, HIDDEN.to_owned());
        let secret = std::io::Error::other("the password is hunter2");
        assert_eq!(response(secret.into()).await, failed);
        let named = HubError::hidden("secret").with_type_name("Secret");
        assert_eq!(response(named).await, failed);
    }
}
