//! What options of an endpoint do that are not already the subject of other tests.

use axum::body::to_bytes;
use http::Request;
use hubwire::protocol::Transport;
use hubwire::testing::{Received, TestClient};
use hubwire::{HubCallerContext, HubEndpoint, hub};
use serde_json::{Value, json};
use test_support::http_client::HttpClient;
use test_support::in_memory::*;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;

const KIB: usize = 1024;

struct EffectsHub;

#[hub]
impl EffectsHub {
    pub async fn wait(&self) {
        std::future::pending::<()>().await;
    }

    pub fn take(&self, _text: String) {}

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }
}

/// The status and the document with which a negotiation is answered.
async fn negotiate(endpoint: &HubEndpoint, version: i32, origin: &str) -> (u16, Value) {
    let request = Request::post(format!("/hub/negotiate?negotiateVersion={version}"))
        .header("Host", "hub.example")
        .header("Origin", origin)
        .body(String::new());
    let response = endpoint
        .negotiate()
        .oneshot(request.unwrap())
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), KIB).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn minimum_protocol_version() {
    let server = TestServer::new(EffectsHub);
    let endpoint = server.endpoint.clone().minimum_protocol_version(1);
    let (_, refusal) = negotiate(&endpoint, 0, "http://hub.example").await;
    assert!(refusal["error"].is_string(), "{refusal}");
    let (_, response) = negotiate(&endpoint, 1, "http://hub.example").await;
    assert!(response["connectionId"].is_string(), "{response}");
}

#[tokio::test(start_paused = true)]
async fn transports() {
    let server = TestServer::new(EffectsHub);
    // In the order in which clients try them, whatever the option says.
    let endpoint = server
        .endpoint
        .clone()
        .transports([Transport::LongPolling, Transport::ServerSentEvents]);
    let (_, response) = negotiate(&endpoint, 1, "http://hub.example").await;
    let offered = json!([
        {"transport": "ServerSentEvents", "transferFormats": ["Text"]},
        {"transport": "LongPolling", "transferFormats": ["Text", "Binary"]},
    ]);
    assert_eq!(response["availableTransports"], offered);

    let refusal = |name| format!("{name} transport not supported by this end point type");
    let endpoint = endpoint.transports([Transport::WebSockets]);
    let client = HttpClient::negotiate(&endpoint).await;
    let refused = client.poll().await;
    refused.assert_is(404, Some("text/plain"), &refusal("LongPolling"));
    let refused = to_bytes(client.get_event_stream().await.into_body(), KIB);
    assert_eq!(refused.await.unwrap(), refusal("ServerSentEvents"));
    let text = "POST requests are not allowed for WebSocket connections.";
    client
        .post("x")
        .await
        .assert_is(405, Some("text/plain"), text);
}

#[tokio::test(start_paused = true)]
async fn allowed_origins() {
    let server = TestServer::new(EffectsHub);
    let shop = "https://shop.example";
    assert_eq!(negotiate(&server.endpoint, 1, shop).await.0, 403);
    let endpoint = server.endpoint.clone().allowed_origins([shop]);
    assert_eq!(negotiate(&endpoint, 1, shop).await.0, 200);
    assert_eq!(
        negotiate(&endpoint, 1, "https://other.example").await.0,
        403
    );
}

/// How many KiB a client can send while a call runs.
async fn sent_while_busy(application_maximum_buffer_size: usize) -> usize {
    let server = TestServer::new(EffectsHub);
    let endpoint = server.endpoint.clone();
    let endpoint = endpoint.application_maximum_buffer_size(application_maximum_buffer_size);
    let mut client = TestClient::connect_pulled(&endpoint).await.unwrap();
    client.start("Wait", ()).await.unwrap();
    let record = json!({"type": 1, "target": "Take", "arguments": ["x".repeat(KIB)]});
    let mut sent = 0;
    while timeout(seconds(1), client.send_record(&record))
        .await
        .is_ok()
    {
        sent += 1;
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn application_maximum_buffer_size() {
    // The pipe holds 64 KiB besides.
    let little = sent_while_busy(16 * KIB).await;
    assert!((50..=110).contains(&little), "{little} KiB");
    let much = sent_while_busy(256 * KIB).await;
    assert!((250..=350).contains(&much), "{much} KiB");
}

/// Whether a client that reads 2 KiB a second for 100 seconds, 40 KiB in the time of progress, stays connected.
async fn stays_connected(transport_progress_size: usize) -> bool {
    let server = TestServer::new(EffectsHub);
    let endpoint = server
        .endpoint
        .clone()
        .transport_progress_timeout(seconds(20))
        .transport_progress_size(transport_progress_size);
    let mut pipe = TestClient::connect(&endpoint).await.unwrap().into_pipe();
    let all = server.context().clients().all();
    all.send("Text", ("x".repeat(900 * KIB),)).await.unwrap();
    let mut buffer = [0; 2 * KIB];
    for _ in 0..100 {
        pass(seconds(1)).await;
        if server.signalr.statistics().connections == 0 {
            return false;
        }
        pipe.read_exact(&mut buffer).await.unwrap();
    }
    true
}

#[tokio::test(start_paused = true)]
async fn transport_progress_size() {
    assert!(!stays_connected(64 * KIB).await);
    assert!(stays_connected(32 * KIB).await);
}

#[tokio::test(start_paused = true)]
async fn web_socket_close_timeout() {
    let server = TestServer::new(EffectsHub);
    let endpoint = server.endpoint.clone().web_socket_close_timeout(seconds(2));
    let mut client = TestClient::connect(&endpoint).await.unwrap();
    client.send("Abort", ()).await.unwrap();
    assert_eq!(message(&mut client).await, json!({"type": 7}));
    assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
    let closed = Instant::now();
    assert_eq!(next(&mut client).await, Received::Lost);
    assert_elapsed(closed, 1.9..=2.1);
}
