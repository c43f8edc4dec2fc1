//! The layers in front of the hubs of SignalR's own tests: CORS, cookies, redirects and a bad
//! negotiation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    LOCATION, ORIGIN, SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::https::{base_url, is_secure};
use crate::suite_tokens::{ANYBODY, Tokens};

/// What the layers need.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) redirects: Redirects,
    pub(crate) tokens: Tokens,
}

/// The number of redirects that were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redirects(Arc<AtomicU32>);

impl Redirects {
    /// Returns the number of the next redirect.
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }
}

/// Applies all of them, in the order that the tests expect: CORS, redirects, cookies, the bad
/// negotiation.
pub(crate) async fn in_front(
    State(front): State<Front>,
    mut request: Request,
    next: Next,
) -> Response {
    let cors = cors(request.headers());
    // Pages come from ports that are not known beforehand; the hubs should treat them as their
    // own.
    request.headers_mut().remove(ORIGIN);
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else if let Some(response) = redirect(&front, &request) {
        response
    } else {
        with_cookies(request, next).await
    };
    response.headers_mut().extend(cors);
    response
}

fn cors(request: &HeaderMap) -> HeaderMap {
    let echoed = [
        (ORIGIN, ACCESS_CONTROL_ALLOW_ORIGIN),
        (ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_ALLOW_METHODS),
        (ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_ALLOW_HEADERS),
    ];
    let mut headers = HeaderMap::new();
    if !request.contains_key(ORIGIN) {
        return headers;
    }
    for (requested, allowed) in echoed {
        if let Some(value) = request.get(requested) {
            headers.insert(allowed, value.clone());
        }
    }
    let yes = HeaderValue::from_static("true");
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    headers
}

fn redirect(front: &Front, request: &Request) -> Option<Response> {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix("/echoredirect") {
        return Some(moved(request, &format!("/echo{rest}")));
    }
    if path.starts_with("/redirect") {
        return Some(negotiated_elsewhere(front, request).into_response());
    }
    None
}

/// Refers a client to another hub: to one at the base URL that it has asked for, or to the one that
/// needs a token.
fn negotiated_elsewhere(front: &Front, request: &Request) -> axum::Json<serde_json::Value> {
    let query = request.uri().query().unwrap_or_default();
    let base = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "baseUrl");
    axum::Json(match base {
        Some((_, base)) => {
            let count = front.redirects.next();
            json!({ "url": format!("{base}/testHub?numRedirects={count}") })
        }
        None => json!({
            "url": format!("{}/authorizedHub", base_url(request)),
            "accessToken": front.tokens.issue(ANYBODY),
        }),
    })
}

/// Creates a redirect with an absolute URL, because the event source of one client accepts no
/// other.
fn moved(request: &Request, path: &str) -> Response {
    let query = request.uri().query();
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    let location = format!("{}{path}{query}", base_url(request));
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(LOCATION, location)],
        Body::empty(),
    )
        .into_response()
}

async fn with_cookies(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let cookies = cookies(path, is_secure(&request));
    let mut response = if path.starts_with("/bad-negotiate") {
        (StatusCode::BAD_REQUEST, "Some response from server").into_response()
    } else {
        next.run(request).await
    };
    for cookie in cookies {
        response
            .headers_mut()
            .append(SET_COOKIE, HeaderValue::from_static(cookie));
    }
    response
}

/// The cookies of a negotiation over plain HTTP, and over TLS: pages of other sites need these
/// attributes.
macro_rules! cookies {
    ($($cookie:literal,)*) => {
        const PLAIN_COOKIES: &[&str] = &[$($cookie,)*];
        const SECURE_COOKIES: &[&str] =
            &[$(concat!($cookie, "; secure; samesite=none; partitioned"),)*];
    };
}

cookies![
    "testCookie=testValue; path=/",
    "testCookie2=testValue2; path=/",
    "expiredCookie=doesntmatter; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/",
];

fn cookies(path: &str, is_secure: bool) -> Vec<&'static str> {
    let mut cookies = Vec::new();
    if path.contains("/negotiate") {
        cookies.extend(if is_secure {
            SECURE_COOKIES
        } else {
            PLAIN_COOKIES
        });
    }
    if path.ends_with("/negotiate") {
        cookies.push("fromNegotiate=a%20value; path=/");
    }
    cookies
}
