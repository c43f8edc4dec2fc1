//! Clients that hub code disconnects, and users with one connection, over each transport.

use hubwire::Disconnect;
use hubwire::protocol::{Close, HubProtocol, Opcode, write_frame};

use crate::event_streams::{self, expect_event};
use crate::long_polling::KeptAlive;
use crate::server::Server;
use test_support::client::Client;
use test_support::http_client::HANDSHAKE;
use test_support::requests::{post, read_until};

const GOODBYE: &str = r#"{"type":7,"error":"You are banned"}"#;
const COME_BACK: &str = r#"{"type":7,"error":"The server is full","allowReconnect":true}"#;
const CANCELED: &str = r#"{"error":"Handshake was canceled."}"#;
const REFUSED: &str = r#"{"type":7,"error":"The user is already connected."}"#;
const REPLACED: &str = r#"{"type":7,"error":"The user has connected again."}"#;
const BANNED: &str = "disconnected: disconnected by the hub: You are banned";

/// Disconnects the user ann, and checks how many connections were told.
#[track_caller]
fn ban(server: &Server, expected: usize) {
    let banned = Disconnect::for_good().because("You are banned");
    let told = server.of_users.context().disconnect_user("ann", banned);
    assert_eq!(told, expected);
}

fn record(message: &str) -> String {
    format!("{message}\u{1e}")
}

#[tokio::test]
async fn a_web_socket_gets_the_close_and_1000() {
    let server = Server::start().await;
    let mut ann = server.open("/of-users?user=ann").await;
    let mut bob = server.open("/of-users?user=bob").await;
    ann.call("1", "Wait", r#""slow""#).await;
    server.journal.until("slow began").await;
    ban(&server, 1);
    ban(&server, 0);
    ann.expect(GOODBYE).await;
    ann.expect_closed(1000).await;
    bob.expect_alive().await;
    let full = Disconnect::allowing_reconnect().because("The server is full");
    assert_eq!(server.of_users.context().disconnect_user("bob", full), 1);
    bob.expect(COME_BACK).await;
    bob.expect_closed(1000).await;
    server.gate.let_one_pass();
    let journal = server.finish().await;
    assert!(journal.iter().any(|entry| entry == BANNED), "{journal:?}");
}

#[tokio::test]
async fn a_web_socket_with_messagepack_gets_the_same() {
    let server = Server::start().await;
    let mut ann = server.upgrade("/of-users?user=ann").await;
    ann.send_text("{\"protocol\":\"messagepack\",\"version\":1}\x1e")
        .await;
    ann.expect_raw(b"\x82\x03{}\x1e", &mut Vec::new()).await;
    server.journal.until("connected").await;
    ban(&server, 1);
    let (mut message, mut frame) = (Vec::new(), Vec::new());
    HubProtocol::MessagePack.writer(&mut message).close(&Close {
        error: Some("You are banned".into()),
        allow_reconnect: false,
    });
    write_frame(&mut frame, Opcode::Binary, &message);
    ann.expect_raw(&frame, &mut Vec::new()).await;
    ann.expect_closed(1000).await;
    server.finish().await;
}

#[tokio::test]
async fn a_web_socket_is_ended_before_its_handshake_and_while_it_connects() {
    let server = Server::start().await;
    let mut ann = server.upgrade("/of-users?user=ann").await;
    // The response to the upgrade may arrive before the connection is opened; then nobody is told
    // yet.
    let banned = Disconnect::for_good().because("You are banned");
    server.of_users.context().disconnect_user("ann", banned);
    ann.expect(CANCELED).await;
    ann.expect_closed(1000).await;
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn an_event_stream_ends_after_the_close() {
    let server = Server::start().await;
    let (path, mut events) = event_streams::open_with(&server, "/of-users", "&user=ann").await;
    let (_, mut early) = event_streams::open_with(&server, "/of-users", "&user=ann").await;
    post(server.address, &path, HANDSHAKE).await;
    expect_event(&mut events, "{}").await;
    server.journal.until("connected").await;
    ban(&server, 2);
    expect_event(&mut events, GOODBYE).await;
    event_streams::expect_end(&mut events).await;
    expect_event(&mut early, CANCELED).await;
    event_streams::expect_end(&mut early).await;
    assert_eq!(server.finish().await, ["connected", BANNED]);
}

#[tokio::test]
async fn a_held_poll_answers_and_a_later_one_too() {
    let server = Server::start().await;
    for is_held in [true, false] {
        let mut ann = KeptAlive::of_user(&server, "/of-users", "ann").await;
        ann.shake_hands().await;
        server
            .journal
            .until_nth(if is_held { 1 } else { 3 }, "connected")
            .await;
        if is_held {
            ann.send("GET", "").await;
            let mut bob = server.open("/of-users?user=bob").await;
            bob.expect_alive().await;
            bob.leave().await;
        }
        ban(&server, 1);
        match is_held {
            true => ann.expect_polled(&record(GOODBYE)).await,
            false => ann.poll(&record(GOODBYE)).await,
        }
        ann.expect_end().await;
    }
    let mut early = KeptAlive::of_user(&server, "/of-users", "ann").await;
    early.poll("").await;
    ban(&server, 1);
    early.poll(&record(CANCELED)).await;
    early.expect_end().await;
    drop(early);
    let journal = server.finish().await;
    let bans = journal.iter().filter(|entry| *entry == BANNED);
    assert_eq!(bans.count(), 2, "{journal:?}");
}

#[tokio::test]
async fn the_newest_replaces_the_one_before_on_every_transport() {
    let server = Server::start().await;
    let mut web_socket = server.open("/newest?user=ann").await;
    server.journal.until("connected").await;
    let (path, mut events) = event_streams::open_with(&server, "/newest", "&user=ann").await;
    post(server.address, &path, HANDSHAKE).await;
    expect_event(&mut events, "{}").await;
    web_socket.expect(REPLACED).await;
    web_socket.expect_closed(1000).await;
    let mut polling = KeptAlive::of_user(&server, "/newest", "ann").await;
    polling.shake_hands().await;
    expect_event(&mut events, REPLACED).await;
    event_streams::expect_end(&mut events).await;
    let last = server.open("/newest?user=ann").await;
    polling.poll(&record(REPLACED)).await;
    polling.expect_end().await;
    drop(polling);
    Client::leave(last).await;
    server.finish().await;
}

#[tokio::test]
async fn the_oldest_keeps_others_out_on_every_transport() {
    let server = Server::start().await;
    let mut first = server.open("/oldest?user=ann").await;
    server.journal.until("connected").await;
    let mut web_socket = server.open("/oldest?user=ann").await;
    web_socket.expect(REFUSED).await;
    web_socket.expect_closed(1000).await;
    let (path, mut events) = event_streams::open_with(&server, "/oldest", "&user=ann").await;
    post(server.address, &path, HANDSHAKE).await;
    // Both events, in one chunk or in two.
    let events = read_until(&mut events, "\r\n0\r\n\r\n").await;
    let data = events.lines().filter(|line| line.starts_with("data: "));
    let expected = ["{}", REFUSED].map(|message| format!("data: {}", record(message)));
    assert!(data.eq(&expected), "{events}");
    let mut polling = KeptAlive::of_user(&server, "/oldest", "ann").await;
    polling.poll("").await;
    polling.post(HANDSHAKE).await;
    // Both messages, in one response or in two.
    let mut expected = [record("{}"), record(REFUSED)].concat();
    while !expected.is_empty() {
        let polled = polling.poll_any().await;
        expected = expected.strip_prefix(&*polled).unwrap().to_owned();
    }
    polling.expect_end().await;
    drop(polling);
    first.expect_alive().await;
    first.leave().await;
    let journal = server.finish().await;
    let expected = ["connected", "disconnected: transport closed"];
    assert_eq!(journal, expected);
}
