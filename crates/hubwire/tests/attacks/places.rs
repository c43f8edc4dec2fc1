//! Good tokens in places where they do not count.

use crate::http::{Headers, bearer, every_request};
use crate::stage::{PROTECTED, Stage};
use crate::tokens::token_of;
use crate::traced;

/// URLs are logged by proxies and kept by browsers, so only requests that cannot have the header
/// may have the token there.
#[tokio::test]
async fn a_token_in_the_query_of_a_post() {
    let stage = Stage::start().await;
    for path in PROTECTED {
        let header = bearer(&token_of("ann"));
        let query = format!("access_token={}", token_of("ann"));
        let (_, id) = stage.negotiate(path, &header).await;
        let mut requests = every_request(path, Some(&id)).to_vec();
        requests.retain(|asked| asked.browser() == Headers::CanBeSet);
        assert_eq!(requests.len(), 4, "negotiation, poll, POST, DELETE");
        for asked in &requests {
            let response = stage.ask(&asked.with_query(&query), "").await;
            response.assert_is(401, None, "");
        }
        let body = stage.post(&format!("{path}?id={id}"), "", &query).await;
        body.assert_is(401, None, "");
        // The connection is still hers.
        let polled = stage.ask(&requests[1], &header).await;
        assert_eq!(polled.status, 200);
        assert_eq!(stage.ask(&requests[3], &header).await.status, 202);
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_token_in_another_header() {
    let stage = Stage::start().await;
    let token = token_of("ann");
    for header in [
        format!("Authorization: {token}\r\n"),
        format!("Authorization: Basic {token}\r\n"),
        format!("Authorization: Bearer{token}\r\n"),
        format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"),
        format!("Authorization: Bearer {token}, Bearer {token}\r\n"),
        format!("Proxy-Authorization: Bearer {token}\r\n"),
        format!("X-Authorization: Bearer {token}\r\n"),
        format!("Cookie: access_token={token}\r\n"),
    ] {
        for path in PROTECTED {
            for asked in every_request(path, None) {
                let response = stage.ask(&asked, &header).await;
                assert_eq!(response.status, 401, "{asked:?}");
            }
        }
    }
    stage.finish().await;
}

/// The header counts, so nobody can slip another user's token into a link.
#[tokio::test]
async fn a_token_in_the_query_beside_another_in_the_header() {
    let stage = Stage::start().await;
    let query = format!("access_token={}", token_of("ann"));
    let bad = bearer(&traced::secret("a-token-that-is-none-at-all"));
    let [_, web_socket, event_stream, ..] = every_request("/secure", None);
    for asked in [web_socket, event_stream] {
        let response = stage.ask(&asked.with_query(&query), &bad).await;
        response.assert_is(401, None, "");
        let twice = asked.with_query(&query).with_query(&query);
        stage.ask(&twice, "").await.assert_is(401, None, "");
    }
    stage.finish().await;
}

/// Only mapped hubs read the query.
#[tokio::test]
async fn a_token_in_the_query_of_another_route() {
    let stage = Stage::start().await;
    let query = format!("access_token={}", token_of("ann"));
    for asked in every_request("/me", None) {
        let response = stage.ask(&asked.with_query(&query), "").await;
        assert_ne!(response.status, 200, "{asked:?}");
    }
    let [.., poll, _, _] = every_request("/me", None);
    let response = stage.ask(&poll, &bearer(&token_of("ann"))).await;
    response.assert_is(200, Some("text/plain; charset=utf-8"), "ann");
    stage.finish().await;
}
