//! A page whose host name comes to resolve to this machine (DNS rebinding): to the server, it is one of its own.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use test_support::line::Wire;

use crate::http::{every_request, exchange};
use crate::stage::{PROTECTED, Stage};

/// What a browser sends for such a page: a cookie of the page's host at most, which means nothing
/// here.
async fn statuses(stage: &Stage, path: &str) -> Vec<u16> {
    let host = format!("evil.example:{}", stage.address.port());
    let page = format!("Host: {host}\r\nOrigin: http://{host}\r\nCookie: theme=dark\r\n");
    let mut statuses = Vec::new();
    for asked in every_request(path, None) {
        let headers = format!("{page}{}", asked.headers);
        let response = exchange(stage.address, &asked.line, &headers, "").await;
        statuses.push(response.status);
    }
    statuses
}

#[tokio::test]
async fn a_rebound_host_has_no_user() {
    let stage = Stage::start().await;
    for path in PROTECTED.into_iter().chain(["/visitors"]) {
        assert_eq!(statuses(&stage, path).await, [401; 6], "{path}");
    }
    stage.finish().await;
}

/// As in docs/authentication.md.
async fn own_hosts_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|it| it.to_str().ok());
    match host.is_some_and(|host| host.starts_with("127.0.0.1:")) {
        true => next.run(request).await,
        false => StatusCode::MISDIRECTED_REQUEST.into_response(),
    }
}

/// Who wants a hub without users to be safe from it names the hosts.
#[tokio::test]
async fn a_rebound_host_may_be_refused() {
    let stage = Stage::start().await;
    assert_eq!(statuses(&stage, "/open").await[..2], [200, 101]);
    let named = Stage::layered(Wire::Plain, |app| app.layer(from_fn(own_hosts_only))).await;
    assert_eq!(statuses(&named, "/open").await, [421; 6]);
    named.negotiate("/open", "").await;
    stage.finish().await;
    named.finish().await;
}
