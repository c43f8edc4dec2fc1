//! The shutdown of the whole server, with every kind of connection open.

use std::io;

use hubwire::protocol::Opcode;

use crate::server::Server;
use test_support::client::{Client, Received};
use test_support::line::Line;
use test_support::requests::UPGRADE;

const GOODBYE: &str = r#"{"type":7,"allowReconnect":true}"#;

#[tokio::test]
async fn every_kind_of_connection_is_ended_in_its_way() {
    let mut server = Server::start().await;
    let address = server.address;
    let token = server.negotiate("/plain").await;
    let mut idle = server.open("/plain").await;
    let mut calling = server.open("/plain").await;
    calling.call("1", "Wait", r#""slow""#).await;
    server.journal.until("slow began").await;
    calling.call("2", "Note", r#""waited in vain""#).await;
    calling.send_frame(Opcode::Ping, b"").await;
    assert_eq!(calling.next().await, Received::Pong(Vec::new()));
    let mut before_handshake = server.upgrade("/plain").await;

    server.begin_shutdown();
    idle.expect(GOODBYE).await;
    idle.expect_closed(1000).await;
    calling.expect(GOODBYE).await;
    calling.expect_closed(1000).await;
    before_handshake
        .expect(r#"{"error":"Handshake was canceled."}"#)
        .await;
    before_handshake.expect_closed(1000).await;

    // The running call delays the end; new clients are refused in the meantime.
    let negotiated = server.request("POST /plain/negotiate?negotiateVersion=1", "");
    assert_eq!(negotiated.await.status, 503);
    let fresh = server.request("GET /plain", UPGRADE).await;
    assert_eq!(fresh.status, 503);
    let late = format!("GET /plain?id={token}");
    assert!([404, 503].contains(&server.request(&late, UPGRADE).await.status));

    server.gate.let_one_pass();
    let mut journal = server.end().await;
    journal.sort();
    let expected = [
        "connected",
        "connected",
        "disconnected: server shutdown",
        "disconnected: server shutdown",
        "slow began",
        "slow ended",
    ];
    assert_eq!(journal, expected);
    let refused = Line::connect(address).await.map(drop);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(io::ErrorKind::ConnectionRefused)
    );
}

#[tokio::test]
async fn a_connection_that_is_just_opening_is_ended_too() {
    let mut server = Server::start().await;
    let mut opening = server.open("/connecting-waits").await;
    server.journal.until("connected").await;
    server.begin_shutdown();
    assert_eq!(
        server.request("POST /plain/negotiate", "").await.status,
        503
    );
    server.gate.let_one_pass();
    opening.expect(GOODBYE).await;
    opening.expect_closed(1000).await;
    let journal = server.end().await;
    assert_eq!(journal, ["connected", "disconnected: server shutdown"]);
}

#[tokio::test]
async fn an_idle_http_connection_does_not_hold_the_end_up() {
    let mut server = Server::start().await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = Line::connect(server.address).await.unwrap();
        test_support::requests::send_head(&mut socket, server.address, "GET /nope", "", b"").await;
        let (response, _) = test_support::requests::read_response(&mut socket).await;
        assert_eq!(response.status, 404);
        sockets.push(socket);
    }
    server.begin_shutdown();
    assert_eq!(server.end().await, [""; 0]);
}

#[tokio::test]
async fn many_connections_are_all_told_to_reconnect() {
    let mut server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(server.open("/plain").await);
    }
    server.begin_shutdown();
    for client in &mut clients {
        client.expect(GOODBYE).await;
        Client::expect_closed(client, 1000).await;
    }
    let journal = server.end().await;
    let ends = journal
        .iter()
        .filter(|entry| *entry == "disconnected: server shutdown");
    assert_eq!(ends.count(), 50);
}
