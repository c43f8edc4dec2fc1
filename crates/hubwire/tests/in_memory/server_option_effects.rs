//! What options of a server do that are not already the subject of other tests.

use std::net::SocketAddr;

use axum::body::HttpBody;
use axum::extract::ConnectInfo;
use futures_util::FutureExt;
use http::Request;
use hubwire::testing::TestClient;
use hubwire::{DisconnectReason, HubCallerContext, SignalR, SignalRBuilder, hub};
use test_support::in_memory::*;
use tokio::io::AsyncReadExt;
use tower::ServiceExt;

const KIB: usize = 1024;

struct EffectsHub {
    log: Log,
}

#[hub]
impl EffectsHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, _reason: &DisconnectReason) {
        self.log.note(cx.connection_id().as_str());
    }
}

fn server(
    configure: impl FnOnce(SignalRBuilder) -> SignalRBuilder,
) -> (TestServer<EffectsHub>, Log) {
    let log = Log::default();
    let hub = EffectsHub { log: log.clone() };
    let signalr = configure(SignalR::builder()).build();
    (TestServer::on(signalr, hub, |hub| hub), log)
}

/// Which of three clients are let go when the third is sent more than the server holds: the first holds 10 KiB,
/// the second 600 KiB.
async fn let_go(outbound_victim_size: usize) -> Vec<usize> {
    let (server, log) = server(|signalr| {
        signalr
            .maximum_outbound_memory(1024 * KIB)
            .outbound_victim_size(outbound_victim_size)
    });
    let (mut ids, mut away) = (Vec::new(), Vec::new());
    for kib in [10, 600, 600] {
        let mut client = TestClient::connect_pulled(&server.endpoint).await.unwrap();
        let id = client.invoke("Id", ()).await.unwrap();
        let id = id.as_str().unwrap().to_owned();
        client.leave();
        let one = server.context().clients().client(&*id);
        one.send("Text", ("x".repeat(kib * KIB),)).await.unwrap();
        pass(seconds(2)).await;
        ids.push(id);
        away.push(client);
    }
    settle().await;
    let went = log.take();
    let number = |id: &String| ids.iter().position(|other| other == id).unwrap();
    went.iter().map(number).collect()
}

#[tokio::test(start_paused = true)]
async fn outbound_victim_size() {
    assert_eq!(let_go(64 * KIB).await, [1]);
    assert_eq!(let_go(1).await, [0, 1]);
}

/// How often a client that reads as fast as it can reads until it has a long message.
async fn reads(outbound_turn_size: usize) -> usize {
    let (server, _) = server(|signalr| signalr.outbound_turn_size(outbound_turn_size));
    let mut pipe = server.connect().await.into_pipe();
    let all = server.context().clients().all();
    all.send("Text", ("x".repeat(500 * KIB),)).await.unwrap();
    let (mut buffer, mut total, mut reads) = (vec![0; 512 * KIB], 0, 0);
    while total < 500 * KIB {
        total += pipe.read(&mut buffer).await.unwrap();
        reads += 1;
    }
    reads
}

#[tokio::test(start_paused = true)]
async fn outbound_turn_size() {
    let (in_turns, at_once) = (reads(KIB).await, reads(256 * KIB).await);
    assert!(in_turns > 200, "{in_turns} reads");
    assert!(at_once < 20, "{at_once} reads");
}

/// How many KiB are broadcast before the sender waits for the flusher.
async fn sent_at_once(unflushed_size: usize) -> usize {
    let (server, _) = server(|signalr| signalr.unflushed_size(unflushed_size));
    let _client = server.connect().await;
    let (all, text) = (server.context().clients().all(), "x".repeat(KIB));
    let mut sent = 0;
    while all.send("Text", (&text,)).now_or_never().is_some() {
        sent += 1;
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn unflushed_size() {
    let (little, usual) = (sent_at_once(KIB).await, sent_at_once(16 * KIB).await);
    assert!(
        little > 0 && usual > 10 * little,
        "{little} and {usual} KiB"
    );
}

/// The status of a negotiation from this address.
async fn negotiate_from(server: &TestServer<EffectsHub>, address: Option<&str>) -> u16 {
    let mut request = Request::post("/hub/negotiate?negotiateVersion=1")
        .body(String::new())
        .unwrap();
    if let Some(address) = address {
        let address: SocketAddr = address.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(address));
    }
    let response = server.endpoint.negotiate().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    if status == 503 {
        assert_eq!(response.headers().get("content-type"), None);
        assert!(response.body().is_end_stream());
    }
    status
}

#[tokio::test(start_paused = true)]
async fn maximum_negotiated_ids_per_address() {
    let (server, _) = server(|signalr| signalr.maximum_negotiated_ids_per_address(2));
    for (address, status) in [
        (Some("10.0.0.1:1"), 200),
        (Some("10.0.0.1:2"), 200),
        (Some("10.0.0.1:3"), 503),
        (Some("10.0.0.2:1"), 200),
        (Some("[2001:db8::1]:1"), 200),
        (Some("[2001:db8::2]:1"), 200),
        (Some("[2001:db8::3]:1"), 503),
        // Clients of Unix sockets have no address.
        (None, 200),
        (None, 200),
        (None, 200),
    ] {
        assert_eq!(
            negotiate_from(&server, address).await,
            status,
            "{address:?}"
        );
    }
    // Ids that have expired no longer count.
    pass(seconds(17)).await;
    assert_eq!(negotiate_from(&server, Some("10.0.0.1:4")).await, 200);

    let (server, _) = self::server(|signalr| signalr);
    for port in 1..100 {
        let address = format!("10.0.0.1:{port}");
        assert_eq!(negotiate_from(&server, Some(&address)).await, 200);
    }
}
