//! Headers that every response of the shop has, whichever route it comes from.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use tower::ServiceExt;

use super::*;

#[tokio::test]
async fn no_answer_may_be_taken_for_another_type() {
    let app = router(&SignalR::new(), ([127, 0, 0, 1], 5000).into());
    for (method, path, host, status) in [
        ("GET", "/", "localhost", 200),
        ("GET", "/modules/main.js", "localhost", 200),
        ("GET", "/nothing", "localhost", 404),
        ("GET", "/api/orders/1/ship", "localhost", 405),
        ("GET", "/", "evil.example", 403),
        ("POST", "/api/orders/1/ship", "localhost", 403),
        ("POST", "/hubs/chat/negotiate", "localhost", 403),
        ("GET", "/hubs/chat", "localhost", 403),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, host)
            .header(ORIGIN, "http://evil.example")
            .body(Body::empty());
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        let option = response.headers().get(X_CONTENT_TYPE_OPTIONS);
        assert_eq!(option.unwrap(), "nosniff", "{method} {path}");
    }
}
