//! The error of a hub method as an HTTP response, for handlers that send to clients.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use hubwire_protocol::Excerpt;

use super::HubError;

/// The text that an HTTP client reads for a hidden error.
const HIDDEN: &str = "An error occurred on the server.";

/// Responds with status 400 and the text if the error is shown; otherwise with status 500 and a
/// generic text. Each response of the latter kind is logged.
///
/// Both are `text/plain`. If your API uses another status for an error, match the error before it
/// is converted to a `HubError`.
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
