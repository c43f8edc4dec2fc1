//! Requests in chunks, after which their HTTP connections end.

use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode};

/// What becomes of an HTTP connection after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterResponse {
    KeepAlive,
    Close,
}

impl AfterResponse {
    /// A request in chunks may also have had a length, by which a proxy in front may read it; what
    /// follows it is then no request (RFC 9112, section 6.1). The HTTP library does not tell.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        match request.headers().contains_key(TRANSFER_ENCODING) {
            true => Self::Close,
            false => Self::KeepAlive,
        }
    }

    /// Adds what ends the connection, unless it continues with another protocol.
    pub(crate) fn add_to<B>(self, mut response: Response<B>) -> Response<B> {
        if self == Self::Close && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }
}
