//! Requests to `{path}` without an upgrade: the status table.

use crate::server::Server;
use test_support::client::Client;
use test_support::requests::Response;

const NO_ID: &str = "Connection ID required";
const UNKNOWN_ID: &str = "No Connection with that ID";

/// Asserts that the response, like every response to a poll including refusals, may not be cached.
#[track_caller]
fn assert_uncached(response: &Response) {
    let headers = ["cache-control", "pragma", "expires"].map(|name| response.header(name));
    let expected = [
        Some("no-cache, no-store"),
        Some("no-cache"),
        Some("Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn without_an_id_every_method_asks_for_one() {
    let server = Server::start().await;
    for query in ["", "?id=", "?foo=1"] {
        for method in ["GET", "POST", "DELETE"] {
            let line = format!("{method} /plain{query}");
            let response = server.request(&line, "").await;
            response.assert_is(400, Some("text/plain"), NO_ID);
            if method == "GET" {
                assert_uncached(&response);
            } else {
                assert_eq!(response.header("cache-control"), None);
            }
        }
    }
    let events = server.request("GET /plain", "Accept: text/event-stream\r\n");
    let events = events.await;
    events.assert_is(400, Some("text/plain"), NO_ID);
    assert_eq!(events.header("cache-control"), None);
    server.finish().await;
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let server = Server::start().await;
    for id in ["id=nosuchconnection0000000", "id=a&id=b", "ID=a"] {
        for method in ["GET", "POST", "DELETE"] {
            let line = format!("{method} /plain?{id}");
            let response = server.request(&line, "").await;
            response.assert_is(404, Some("text/plain"), UNKNOWN_ID);
            if method == "GET" {
                assert_uncached(&response);
            }
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn other_verbs_are_not_allowed() {
    let server = Server::start().await;
    for method in ["PUT", "PATCH", "OPTIONS", "HEAD"] {
        let response = server.request(&format!("{method} /plain"), "").await;
        response.assert_is(405, Some("text/plain"), "");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_web_socket_connection_takes_no_posts_polls_event_streams_or_deletes() {
    let server = Server::start().await;
    let token = server.negotiate("/plain").await;
    let path = format!("/plain?id={token}");
    let mut client = Client::open(server.address, &path).await;

    server.request(&format!("POST {path}"), "").await.assert_is(
        405,
        Some("text/plain"),
        "POST requests are not allowed for WebSocket connections.",
    );
    server
        .request(&format!("DELETE {path}"), "")
        .await
        .assert_is(
            400,
            Some("text/plain"),
            "Cannot terminate this connection using the DELETE endpoint.",
        );
    let other = "Cannot change transports mid-connection";
    for headers in ["", "Accept: text/event-stream\r\n"] {
        let response = server.request(&format!("GET {path}"), headers).await;
        response.assert_is(400, Some("text/plain"), other);
    }
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_negotiated_connection_cannot_be_deleted() {
    let server = Server::start().await;
    let token = server.negotiate("/plain").await;
    let path = format!("/plain?id={token}");
    server
        .request(&format!("DELETE {path}"), "")
        .await
        .assert_is(
            400,
            Some("text/plain"),
            "Cannot terminate this connection using the DELETE endpoint.",
        );
    Client::open(server.address, &path).await.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn an_id_is_unknown_at_every_path_but_its_own() {
    let server = Server::start().await;
    let token = server.negotiate("/plain").await;
    for other in ["/other", "/detailed"] {
        for method in ["GET", "POST", "DELETE"] {
            let line = format!("{method} {other}?id={token}");
            let response = server.request(&line, "").await;
            response.assert_is(404, Some("text/plain"), UNKNOWN_ID);
        }
    }
    let path = format!("/plain?id={token}");
    Client::open(server.address, &path).await.leave().await;
    server.finish().await;
}
