//! Negotiations that are not followed by a connection.

use tokio::task::JoinSet;

use crate::server::Server;
use test_support::line::Line;
use test_support::memory::resident;
use test_support::requests::{UPGRADE, read_response, send_head};

const NEGOTIATIONS: usize = 10_000;
const CLIENTS: usize = 8;

/// The most memory that a waiting id may cost, including the client's part of its request.
const COST: usize = 2 * 1024;

/// Negotiates over one connection, and returns the last token.
async fn negotiate(address: std::net::SocketAddr) -> String {
    let mut socket = Line::connect(address).await.unwrap();
    let line = "POST /plain/negotiate?negotiateVersion=1";
    let mut body = String::new();
    for _ in 0..NEGOTIATIONS / CLIENTS {
        send_head(&mut socket, address, line, "", b"").await;
        let (response, _) = read_response(&mut socket).await;
        assert_eq!(response.status, 200);
        body = response.body;
    }
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["connectionToken"].as_str().unwrap().to_owned()
}

/// Their expiry and the limit of 20,000 are tested under a paused clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_negotiations_disturb_nobody_and_a_shutdown_forgets_them() {
    let server = Server::start_alone().await;
    let before = resident();
    let mut clients: JoinSet<_> = (0..CLIENTS).map(|_| negotiate(server.address)).collect();
    let mut tokens = Vec::new();
    while let Some(token) = clients.join_next().await {
        tokens.push(token.unwrap());
    }
    let growth = resident().saturating_sub(before);
    assert!(growth < NEGOTIATIONS * COST, "{growth} bytes");
    let statistics = server.signalr.statistics();
    assert_eq!(statistics.tokens, 1 + NEGOTIATIONS);
    assert_eq!((statistics.tasks, statistics.connections), (1, 1));
    // Each id works like a single one.
    for token in &tokens {
        let mut client = server.open(&format!("/plain?id={token}")).await;
        client.expect_alive().await;
        client.leave().await;
    }
    let expected = 1 + NEGOTIATIONS - CLIENTS;
    while server.signalr.statistics().tokens != expected {
        assert!(server.signalr.statistics().tokens > expected);
        tokio::task::yield_now().await;
    }
    let (ending, bystander) = server.begin_shutdown().await;
    let journal = ending.end(bystander).await;
    assert_eq!(journal.len(), 2 * CLIENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_forgotten_with_a_connection_that_broke_off() {
    let server = Server::start().await;
    for _ in 0..10 {
        let token = test_support::requests::request(
            server.address,
            "POST /plain/negotiate?negotiateVersion=1",
            "",
        );
        let body: serde_json::Value = serde_json::from_str(&token.await.body).unwrap();
        let token = body["connectionToken"].as_str().unwrap();
        let mut socket = Line::connect(server.address).await.unwrap();
        let line = format!("GET /plain?id={token}");
        send_head(&mut socket, server.address, &line, UPGRADE, b"").await;
        assert_eq!(read_response(&mut socket).await.0.status, 101);
    }
    assert_eq!(server.finish().await, [""; 0]);
}
