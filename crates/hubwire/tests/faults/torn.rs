//! Frames and heads that arrive in two halves, split at every byte, from several clients at once.

use std::time::Duration;

use hubwire::protocol::{Opcode, write_masked_fragment, write_masked_frame};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use crate::server::Server;
use test_support::client::{Client, HANDSHAKE, Received};
use test_support::line::Line;
use test_support::requests::{UPGRADE, read_response};

const CLIENTS: u8 = 4;

const ECHO: &str =
    "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"é😀\"]}\x1e";
const ECHOED: &str = "{\"type\":3,\"invocationId\":\"1\",\"result\":\"é\\uD83D\\uDE00\"}";

/// A key of the client's own.
fn mask(client: u8) -> [u8; 4] {
    [client, 0x5a, 0xff ^ client, 0x81]
}

fn frame(client: u8, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, opcode, mask(client), payload);
    frame
}

fn fragment(client: u8, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked_fragment(&mut frame, opcode, mask(client), payload);
    frame
}

/// Waits long enough for the first half to be read before the second is sent.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn send_in_halves(client: &mut Client, bytes: &[u8], cut: usize) {
    let (first, second) = bytes.split_at(cut);
    client.send_raw(first).await;
    pause().await;
    client.send_raw(second).await;
}

/// Returns a record in two frames with a ping between them.
fn fragments(client: u8) -> Vec<u8> {
    let (first, second) = ECHO.as_bytes().split_at(ECHO.find('😀').unwrap() + 2);
    [
        fragment(client, Opcode::Text, first),
        frame(client, Opcode::Ping, b"between"),
        frame(client, Opcode::Continuation, second),
    ]
    .concat()
}

/// Sends repeatedly every frame that a connection may receive, split at each of its bytes.
async fn tear_messages(number: u8, mut client: Client) {
    let echo = frame(number, Opcode::Text, ECHO.as_bytes());
    for cut in 1..echo.len() {
        send_in_halves(&mut client, &echo, cut).await;
        client.expect(ECHOED).await;
    }
    let ping = frame(number, Opcode::Ping, b"a ping");
    for cut in 1..ping.len() {
        send_in_halves(&mut client, &ping, cut).await;
        assert_eq!(client.next().await, Received::Pong(b"a ping".to_vec()));
    }
    let pong = frame(number, Opcode::Pong, b"a pong");
    for cut in 1..pong.len() {
        send_in_halves(&mut client, &pong, cut).await;
    }
    let fragments = fragments(number);
    for cut in 1..fragments.len() {
        send_in_halves(&mut client, &fragments, cut).await;
        assert_eq!(client.next().await, Received::Pong(b"between".to_vec()));
        client.expect(ECHOED).await;
    }
    client.leave().await;
}

/// Splits the first and the last frame of one connection each, and a frame with a two-byte length.
async fn tear_ends(number: u8, server: &Server) {
    let handshake = frame(number, Opcode::Text, HANDSHAKE.as_bytes());
    let close = frame(number, Opcode::Close, b"\x03\xe8bye");
    let text = "x".repeat(200);
    let long = ECHO.replace("é😀", &text);
    let long = frame(number, Opcode::Text, long.as_bytes());
    for cut in 1..handshake.len() {
        let mut client = server.upgrade("/plain").await;
        send_in_halves(&mut client, &handshake, cut).await;
        client.expect("{}").await;
        send_in_halves(&mut client, &long, cut).await;
        let echoed = format!(r#"{{"type":3,"invocationId":"1","result":"{text}"}}"#);
        client.expect(&echoed).await;
        let cut = 1 + cut % (close.len() - 1);
        send_in_halves(&mut client, &close, cut).await;
        assert_eq!(client.next().await, Received::Close(Some(1000)));
        assert_eq!(client.next().await, Received::Eof);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_a_session_may_be_cut_anywhere() {
    let server = Server::start().await;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(tear_messages(number, server.join("/plain").await));
    }
    tokio::join!(
        tear_ends(10, &server),
        tear_ends(11, &server),
        tear_ends(12, &server)
    );
    while let Some(torn) = clients.join_next().await {
        torn.unwrap();
    }
    let journal = server.finish().await;
    let ends = journal
        .iter()
        .filter(|entry| *entry == "disconnected: transport closed");
    assert_eq!(2 * ends.count(), journal.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_upgrade_may_be_cut_anywhere() {
    let server = Server::start().await;
    let handshake = frame(1, Opcode::Text, HANDSHAKE.as_bytes());
    let head = format!(
        "GET /plain HTTP/1.1\r\nHost: {}\r\n{UPGRADE}\r\n",
        server.address
    );
    let bytes = [head.as_bytes(), &handshake].concat();
    let mut clients = JoinSet::new();
    for cut in 1..bytes.len() {
        let (first, second) = bytes.split_at(cut);
        let (first, second) = (first.to_vec(), second.to_vec());
        let address = server.address;
        clients.spawn(async move {
            let mut socket = Line::connect(address).await.unwrap();
            socket.set_nodelay(true).unwrap();
            socket.write_all(&first).await.unwrap();
            pause().await;
            socket.write_all(&second).await.unwrap();
            let (response, _) = read_response(&mut socket).await;
            assert_eq!(response.status, 101, "cut at {cut}");
        });
        if clients.len() == usize::from(CLIENTS) {
            clients.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(torn) = clients.join_next().await {
        torn.unwrap();
    }
    // A complete handshake arrived each time, although the client did not wait for its response.
    let expected = 2 * (bytes.len() - 1);
    assert_eq!(server.finish().await.len(), expected);
}
