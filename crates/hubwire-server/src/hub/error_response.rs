//! The error of a hub method as an HTTP response, for handlers that send to clients.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use hubwire_protocol::{Excerpt, LimitedExcerpt};

use super::HubError;
use crate::node::{NodeClock, Occurrences, Repeated};

/// The text that an HTTP client reads for a hidden error.
const HIDDEN: &str = "An error occurred on the server.";

/// The maximum number of characters of an error that are logged.
const CAUSE_LENGTH: usize = 1024;

/// The failures of all handlers in the process, because a response knows neither its route nor its
/// server.
static FAILED: LazyLock<FailedResponses> = LazyLock::new(FailedResponses::new);

/// Responds with status 400 and the text if the error is shown; otherwise with status 500 and a
/// generic text. Responses of the latter kind are logged, at most once in ten seconds.
///
/// Both are `text/plain`. If your API uses another status for an error, match the error before it
/// is converted to a `HubError`.
impl IntoResponse for HubError {
    fn into_response(self) -> Response {
        if self.is_shown() {
            tracing::debug!(target: "hubwire::http", error = ?Excerpt(&self), "an HTTP handler refused");
            return (StatusCode::BAD_REQUEST, self.to_string()).into_response();
        }
        match FAILED.count(&self) {
            Some(failures) => say(failures, &shown(&self)),
            None => {
                tracing::debug!(target: "hubwire::http", error = %shown(&self), "an HTTP handler failed");
            }
        }
        (StatusCode::INTERNAL_SERVER_ERROR, HIDDEN).into_response()
    }
}

/// Logs how often handlers have failed since the last line about it.
pub(crate) fn say_the_rest_of_responses() {
    if let Some((failures, error)) = LazyLock::get(&FAILED).and_then(FailedResponses::rest) {
        say(failures, &error);
    }
}

/// How often handlers have failed, with the first error that is not logged yet.
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

    /// Counts a failure. Returns the number of failures if it is time to log them.
    fn count(&self, error: &HubError) -> Option<Occurrences> {
        self.repeated.happened(self.clock.now(), || shown(error))
    }

    fn rest(&self) -> Option<(Occurrences, String)> {
        self.repeated.rest(self.clock.now())
    }
}

fn shown(error: &HubError) -> String {
    let text = format_args!("{error:?}");
    format!("{:?}", LimitedExcerpt::new(text, CAUSE_LENGTH))
}

fn say(failures: Occurrences, error: &str) {
    let failures = failures.total;
    tracing::error!(target: "hubwire::http", failures, %error, "an HTTP handler failed");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_failures_is_two_lines_in_ten_seconds() {
        let failed = FailedResponses::new();
        let count = |number| failed.count(&HubError::hidden(format!("cause\n{number}.")));
        let said = (0..10_000).filter(|number| count(*number).is_some());
        assert_eq!(said.collect::<Vec<_>>(), [0]);
        assert_eq!(failed.rest(), None);
        tokio::time::advance(Duration::from_secs(10)).await;
        let (failures, error) = failed.rest().unwrap();
        assert_eq!(failures.total, 10_000);
        assert!(error.contains(r"cause\n1."), "{error}");
        assert_eq!(failed.rest(), None);
    }
}
