//! The error of a hub method as an HTTP response, for handlers that push.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use hubwire_protocol::Excerpt;

use super::HubError;

/// What an HTTP client reads of a hidden error.
const HIDDEN: &str = "An error occurred on the server.";

/// 400 with the text of an error that is shown; else 500 without it, and a line in the log for each response.
///
/// Both are `text/plain`. An error that has another status in the application's API is matched before it becomes a
/// `HubError`.
impl IntoResponse for HubError {
    fn into_response(self) -> Response {
        if self.is_shown() {
            tracing::debug!(target: "hubwire::http", error = ?Excerpt(&self), "an HTTP handler refused");
            return (StatusCode::BAD_REQUEST, self.to_string()).into_response();
        }
        tracing::error!(target: "hubwire::http", error = ?self, "an HTTP handler failed");
        (StatusCode::INTERNAL_SERVER_ERROR, HIDDEN).into_response()
    }
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
