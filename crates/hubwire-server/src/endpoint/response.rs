//! The responses of the connection layer that are not the upgrade itself.

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA};
use http::{HeaderValue, Response, StatusCode};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Creates a plain text response; `""` is an empty body.
pub(crate) fn text(status: StatusCode, body: &'static str) -> Response<Body> {
    let body = if body.is_empty() {
        Body::empty()
    } else {
        Body::from(body)
    };
    typed(status, TEXT, body)
}

/// Adds the headers that forbid caching, as on every response to a poll.
pub(crate) fn poll(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store"),
    );
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(
        EXPIRES,
        HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"),
    );
    response
}

/// Creates the response to a poll that carries hub messages, or to the first poll.
pub(crate) fn bytes(body: Body) -> Response<Body> {
    typed(StatusCode::OK, BYTES, body)
}

pub(crate) fn json(body: Vec<u8>) -> Response<Body> {
    typed(StatusCode::OK, JSON, Body::from(body))
}

/// Creates a response without a body and content type.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn typed(status: StatusCode, content_type: HeaderValue, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
