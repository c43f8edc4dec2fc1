//! Keeps foreign pages out of a shop that runs on a person's own machine.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Serves only requests for this machine's own names.
///
/// Otherwise any page could point its own host name at 127.0.0.1 and talk to the shop on behalf of
/// its visitor.
pub(crate) async fn loopback_host(request: Request, next: Next) -> Response {
    if host(&request).is_some_and(is_loopback) {
        return next.run(request).await;
    }
    let advice = "ShopNest listens on this machine only; open it by localhost or 127.0.0.1.\n";
    (StatusCode::FORBIDDEN, advice).into_response()
}

/// Refuses changes that a page of another site asks for.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    let foreign = text(request.headers(), &ORIGIN).is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_none() || authority != host(&request)
    });
    if foreign && request.method() != Method::GET {
        return (
            StatusCode::FORBIDDEN,
            "Another site's page may not do this.\n",
        )
            .into_response();
    }
    next.run(request).await
}

/// Prevents browsers from guessing another content type than the response declares.
pub(crate) async fn no_sniffing(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Returns the host that a request is for, with its port: in HTTP/2, it is in the target.
fn host(request: &Request) -> Option<&str> {
    let authority = request.uri().authority().map(Authority::as_str);
    authority.or_else(|| text(request.headers(), &HOST))
}

fn text<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machines_names_pass() {
        for host in [
            "localhost",
            "LocalHost:5000",
            "127.0.0.1:5000",
            "127.1.2.3",
            "[::1]:5000",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "shop.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
            "10.0.0.1",
            "[::2]",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
