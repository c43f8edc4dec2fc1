//! Headers that every response of the shop has, whichever route it comes from.

use axum::body::Body;
use axum::http::header::{HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Request, Version};
use tower::ServiceExt;

use super::*;
use crate::login::{Accounts, Key, Tokens, bearer};

fn app() -> Router {
    let key = Key::random().unwrap();
    let signalr = SignalR::builder()
        .authenticator(bearer(&key).unwrap())
        .build();
    let visitors = Login::new(Accounts::ThisMachine, Tokens::new(&key).unwrap());
    router(&signalr, Arc::new(visitors), ([127, 0, 0, 1], 5000).into())
}

#[tokio::test]
async fn no_answer_may_be_taken_for_another_type() {
    let app = app();
    for (method, path, host, status) in [
        ("GET", "/", "localhost", 200),
        ("GET", "/modules/main.js", "localhost", 200),
        ("GET", "/nothing", "localhost", 404),
        ("GET", "/api/orders/1/ship", "localhost", 405),
        ("GET", "/", "evil.example", 403),
        ("POST", "/api/orders/1/ship", "localhost", 403),
        ("POST", "/hubs/chat/negotiate", "localhost", 403),
        ("POST", "/api/login", "localhost", 403),
        ("GET", "/api/login", "localhost", 405),
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

#[tokio::test]
async fn the_host_of_http_2_is_in_the_target() {
    let app = app();
    for (target, origin, status) in [
        ("https://localhost:5000/", None, 200),
        ("https://evil.example:5000/", None, 403),
        (
            "https://localhost:5000/api/orders/1/ship",
            Some("https://localhost:5000"),
            401,
        ),
        (
            "https://localhost:5000/api/orders/1/ship",
            Some("https://evil.example:5000"),
            403,
        ),
        (
            "https://localhost:5000/hubs/chat/negotiate",
            Some("https://localhost:5000"),
            401,
        ),
        (
            "https://localhost:5000/hubs/chat/negotiate",
            Some("https://localhost:6000"),
            403,
        ),
    ] {
        let method = if origin.is_some() { "POST" } else { "GET" };
        let mut request = Request::builder().method(method).uri(target);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let request = request.version(Version::HTTP_2).body(Body::empty());
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{target} {origin:?}");
    }
}
