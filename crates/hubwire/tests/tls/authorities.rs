//! The host that a request of HTTP/2 is for, and pages of other origins.

use http::{Method, Request};
use test_support::http2::{Http2, received};
use test_support::http2_frames::*;

use crate::server::{Encrypted, PipeServer};

fn with_origin(mut request: Request<()>, origin: &str) -> Request<()> {
    let origin = origin.parse().unwrap();
    request.headers_mut().insert("origin", origin);
    request
}

#[tokio::test(start_paused = true)]
async fn pages_are_compared_with_the_authority() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    let expected = [
        ("https://localhost", 200),
        ("https://LOCALHOST:443", 200),
        ("https://localhost:8443", 403),
        ("https://elsewhere.example", 403),
        ("null", 403),
    ];
    for (origin, status) in expected {
        let request = Http2::request(Method::POST, "/probe/negotiate?negotiateVersion=1");
        let response = http2.send(with_origin(request, origin), "").await.unwrap();
        assert_eq!(response.status, status, "negotiation from {origin}");
        let request = with_origin(Http2::connect_request("/probe"), origin);
        let (response, _sender) = http2.begin(request).await;
        let response = received(response).await.unwrap();
        assert_eq!(response.status, status, "a WebSocket from {origin}");
    }
}

/// Returns whether a request with these headers was served with 200, was answered with 400, or was
/// reset.
async fn outcome(frames: &mut Frames<Encrypted>, stream: u32, headers: &[(&str, &str)]) -> String {
    frames.request(stream, headers).await;
    loop {
        let frame = frames.next().await.unwrap();
        match frame.kind {
            // Indexed headers of the static table (RFC 7541, appendix A).
            HEADERS if frame.stream == stream => {
                return match frame.payload[0] {
                    0x88 => "200".to_owned(),
                    0x8c => "400".to_owned(),
                    other => format!("another status: {other:#x}"),
                };
            }
            RST_STREAM if frame.stream == stream => return format!("reset: {}", frame.code()),
            GO_AWAY => return format!("the end: {}", frame.code()),
            _ => {}
        }
    }
}

/// RFC 9113, section 8.3.1: it must be named, with or without `Host`, and never with user
/// information.
#[tokio::test(start_paused = true)]
async fn a_request_names_exactly_one_host() {
    let server = PipeServer::start();
    let mut frames = server.frames(&[]).await;
    let [method, scheme, authority, path] = get("/");
    let host = ("host", "localhost");
    let other = ("host", "elsewhere.example");
    let expected: [(&[_], _); 8] = [
        (&[method, scheme, authority, path], "200"),
        (&[method, scheme, path, host], "200"),
        (&[method, scheme, authority, path, host], "200"),
        (&[method, scheme, path], "400"),
        (&[method, scheme, authority, path, other], "400"),
        (&[method, scheme, path, host, other], "400"),
        (
            &[method, scheme, (":authority", "a@localhost"), path],
            "400",
        ),
        (&[method, scheme, authority, path, authority], "reset: 1"),
    ];
    for (stream, (headers, expected)) in (1..).step_by(2).zip(expected) {
        let outcome = outcome(&mut frames, stream, headers).await;
        assert_eq!(outcome, expected, "{headers:?}");
    }
}

/// A CONNECT that is none of a WebSocket is no request for a hub, and harms nobody.
#[tokio::test(start_paused = true)]
async fn other_connects_are_refused() {
    let server = PipeServer::start();
    let mut frames = server.frames(&[]).await;
    let connect = (":method", "CONNECT");
    let [_, scheme, authority, _] = get("");
    let path = (":path", "/probe");
    let version = ("sec-websocket-version", "13");
    let odd: [&[_]; 4] = [
        &[connect, authority],
        &[connect, (":protocol", "websocket"), scheme, authority, path],
        &[
            connect,
            (":protocol", "other"),
            scheme,
            authority,
            path,
            version,
        ],
        &[connect, (":protocol", "websocket"), authority, version],
    ];
    for (stream, headers) in (1..).step_by(2).zip(odd) {
        let outcome = outcome(&mut frames, stream, headers).await;
        assert!(!outcome.starts_with("200"), "{headers:?}: {outcome}");
        assert!(!outcome.starts_with("the end"), "{headers:?}: {outcome}");
    }
    assert_eq!(outcome(&mut frames, 99, &get("/")).await, "200");
    assert_eq!(server.signalr.statistics().connections, 0);
}
