//! What docs/authentication.md shows against DNS rebinding; a test of the documentation compares the two.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

const HOSTS: [&str; 2] = ["localhost:5000", "127.0.0.1:5000"];

async fn own_hosts_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST);
    match host
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| HOSTS.contains(&it))
    {
        true => next.run(request).await,
        false => StatusCode::MISDIRECTED_REQUEST.into_response(),
    }
}

pub(crate) fn with_own_hosts(app: Router) -> Router {
    app.layer(from_fn(own_hosts_only))
}
