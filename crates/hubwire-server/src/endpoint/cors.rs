//! Handling of requests from pages: foreign ones are refused, and allowed ones get the CORS
//! headers they need.

use std::ops::ControlFlow;

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    VARY,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::origin::Page;
use super::{HubEndpoint, response};

/// All methods that clients use.
const METHODS: HeaderValue = HeaderValue::from_static("GET,POST,DELETE");

/// The headers that let a page of an allowed origin read a response; empty for other requests.
#[derive(Debug)]
pub(super) struct CorsHeaders(Option<HeaderValue>);

impl CorsHeaders {
    /// Adds the headers to a response of any status.
    pub(super) fn add_to(self, mut response: Response<Body>) -> Response<Body> {
        if let Some(origin) = self.0 {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            // The official client sends cookies by default.
            let yes = HeaderValue::from_static("true");
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        response
    }
}

/// Admits a request, or responds to it directly: to preflights, and to requests from foreign
/// pages.
pub(super) fn admit<B>(
    endpoint: &HubEndpoint,
    request: &Request<B>,
) -> ControlFlow<Response<Body>, CorsHeaders> {
    let trusted = endpoint.hub.node().trusted_proxies();
    match Page::of(request, &endpoint.allowed_origins, trusted) {
        Page::Unnamed | Page::Own => ControlFlow::Continue(CorsHeaders(None)),
        Page::Allowed(origin) => {
            let cors = CorsHeaders(Some(origin.clone()));
            match preflight(request) {
                Some(response) => ControlFlow::Break(cors.add_to(response)),
                None => ControlFlow::Continue(cors),
            }
        }
        Page::Refused => {
            endpoint.refused_origins.count(endpoint, request);
            ControlFlow::Break(match *request.method() {
                Method::OPTIONS => response::text(StatusCode::METHOD_NOT_ALLOWED, ""),
                _ => response::empty(StatusCode::FORBIDDEN),
            })
        }
    }
}

/// Responds to a preflight for a method that clients use, and allows all headers that it asks for.
fn preflight<B>(request: &Request<B>) -> Option<Response<Body>> {
    let headers = request.headers();
    let method = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    let is_known = ["GET", "POST", "DELETE"].iter().any(|it| method == it);
    (*request.method() == Method::OPTIONS && is_known).then(|| {
        let mut response = response::empty(StatusCode::NO_CONTENT);
        let allowed = response.headers_mut();
        allowed.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        if let Some(requested) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
        }
        response
    })
}
