//! `POST {path}/negotiate`: versions, refusals, methods.

use serde_json::Value;

use crate::server::Server;
use test_support::client::Client;

const TRANSPORTS: &str = r#"[{"transport":"WebSockets","transferFormats":["Text","Binary"]},{"transport":"ServerSentEvents","transferFormats":["Text"]},{"transport":"LongPolling","transferFormats":["Text","Binary"]}]"#;

/// Negotiates, compares the response byte for byte, and returns id and token.
async fn negotiate(server: &Server, path_and_query: &str, version: u8) -> (String, String) {
    let response = server.request(&format!("POST {path_and_query}"), "").await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (id, token) = (text("connectionId"), text("connectionToken"));
    let token_property = match version {
        0 => String::new(),
        _ => format!(r#","connectionToken":"{token}""#),
    };
    let expected = format!(
        r#"{{"negotiateVersion":{version},"connectionId":"{id}"{token_property},"availableTransports":{TRANSPORTS}}}"#
    );
    response.assert_is(200, Some("application/json"), &expected);
    assert_eq!(response.header("cache-control"), None);
    assert_eq!(
        response.header("content-length"),
        Some(&*expected.len().to_string())
    );
    assert_eq!(id.len(), 22);
    assert_ne!(id, token);
    (id, token)
}

async fn open_and_leave(server: &Server, path: &str, token: &str) {
    let path = format!("{path}?id={token}");
    Client::open(server.address, &path).await.leave().await;
}

#[tokio::test]
async fn version_0_has_no_token_and_its_id_opens_a_connection() {
    let server = Server::start().await;
    for query in ["", "?negotiateVersion=0", "?foo=1"] {
        let (id, token) = negotiate(&server, &format!("/plain/negotiate{query}"), 0).await;
        assert_eq!(token, "");
        open_and_leave(&server, "/plain", &id).await;
    }
    server.finish().await;
}

#[tokio::test]
async fn version_1_has_a_token_of_its_own_which_opens_a_connection() {
    let server = Server::start().await;
    let queries = [
        "negotiateVersion=1",
        "NEGOTIATEVERSION=1",
        "foo=bar&negotiateVersion=1",
        "negotiateVersion=%201%20",
        "negotiateVersion=%2B1",
        "negotiateVersion=1&useStatefulReconnect=true",
    ];
    for query in queries {
        let (_, token) = negotiate(&server, &format!("/plain/negotiate?{query}"), 1).await;
        open_and_leave(&server, "/plain", &token).await;
    }
    let (_, token) = negotiate(&server, "/plain/negotiate/?negotiateVersion=1", 1).await;
    open_and_leave(&server, "/plain/", &token).await;
    server.finish().await;
}

#[tokio::test]
async fn later_versions_get_1() {
    let server = Server::start().await;
    let negotiations = [
        "/plain/negotiate?negotiateVersion=2",
        "/plain/negotiate?negotiateVersion=99",
        "/minimum-1/negotiate?negotiateVersion=1",
        "/minimum-1/negotiate?negotiateVersion=2",
        "/minimum-2/negotiate?negotiateVersion=2",
    ];
    for negotiation in negotiations {
        let (_, token) = negotiate(&server, negotiation, 1).await;
        let (path, _) = negotiation.split_once("/negotiate").unwrap();
        open_and_leave(&server, path, &token).await;
    }
    server.finish().await;
}

#[tokio::test]
async fn a_version_that_is_no_integer_is_refused() {
    let server = Server::start().await;
    let queries = ["abc", "", "1.0", "99999999999", "1&negotiateVersion=0"];
    for query in queries {
        let line = format!("POST /plain/negotiate?negotiateVersion={query}");
        server.request(&line, "").await.assert_is(
            200,
            Some("application/json"),
            r#"{"error":"The client requested a non-integer protocol version."}"#,
        );
    }
    server.finish().await;
}

#[tokio::test]
async fn a_version_below_the_minimum_is_refused_but_not_without_negotiation() {
    let server = Server::start().await;
    let refused = [
        ("/plain/negotiate?negotiateVersion=-1", "-1"),
        ("/minimum-1/negotiate", "0"),
        ("/minimum-1/negotiate?negotiateVersion=0", "0"),
        ("/minimum-2/negotiate?negotiateVersion=1", "1"),
    ];
    for (negotiation, version) in refused {
        let expected = format!(
            r#"{{"error":"The client requested version '{version}', but the server does not support this version."}}"#
        );
        let response = server.request(&format!("POST {negotiation}"), "").await;
        response.assert_is(200, Some("application/json"), &expected);
    }
    server.open("/minimum-2").await.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn only_post_negotiates() {
    let server = Server::start().await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let line = format!("{method} /plain/negotiate?negotiateVersion=1");
        let response = server.request(&line, "").await;
        response.assert_is(405, Some("text/plain"), "");
        assert_eq!(response.header("content-length"), Some("0"), "{method}");
    }
    server.finish().await;
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let server = Server::start().await;
    for path in ["/nope/negotiate", "/plain/negotiate/more", "/nope"] {
        let response = server.request(&format!("POST {path}"), "").await;
        response.assert_is(404, None, "");
    }
    server.finish().await;
}
