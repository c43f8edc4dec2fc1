//! Frames and heads that come in two halves, cut at every byte, from several clients at once.

use std::time::Duration;

use hubwire::protocol::{Opcode, write_masked_frame};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::server::Server;
use test_support::client::{Client, HANDSHAKE, Received};
use test_support::requests::{UPGRADE, read_response};

const CLIENTS: u8 = 4;

const ECHO: &str =
    "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"é😀\"]}\x1e";
const ECHOED: &str = "{\"type\":3,\"invocationId\":\"1\",\"result\":\"é\\uD83D\\uDE00\"}";

/// Masked by a key of the client's own.
fn frame(client: u8, opcode: Opcode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let mask = [client, 0x5a, 0xff ^ client, 0x81];
    write_masked_frame(&mut frame, opcode, is_final, mask, payload);
    frame
}

/// Long enough for the first half to be read before the second is sent.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn send_in_halves(client: &mut Client, bytes: &[u8], cut: usize) {
    let (first, second) = bytes.split_at(cut);
    client.send_raw(first).await;
    pause().await;
    client.send_raw(second).await;
}

/// A record in two frames with a ping between them.
fn fragments(client: u8) -> Vec<u8> {
    let (first, second) = ECHO.as_bytes().split_at(ECHO.find('😀').unwrap() + 2);
    [
        frame(client, Opcode::Text, false, first),
        frame(client, Opcode::Ping, true, b"between"),
        frame(client, Opcode::Continuation, true, second),
    ]
    .concat()
}

/// Sends every frame that a connection may take again and again, each cut at each of its bytes.
async fn tear_messages(number: u8, mut client: Client) {
    let echo = frame(number, Opcode::Text, true, ECHO.as_bytes());
    for cut in 1..echo.len() {
        send_in_halves(&mut client, &echo, cut).await;
        client.expect(ECHOED).await;
    }
    let ping = frame(number, Opcode::Ping, true, b"a ping");
    for cut in 1..ping.len() {
        send_in_halves(&mut client, &ping, cut).await;
        assert_eq!(client.next().await, Received::Pong(b"a ping".to_vec()));
    }
    let pong = frame(number, Opcode::Pong, true, b"a pong");
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

/// Tears the first and the last frame of one connection each, and one whose length takes two bytes.
async fn tear_ends(number: u8, server: &Server) {
    let handshake = frame(number, Opcode::Text, true, HANDSHAKE.as_bytes());
    let close = frame(number, Opcode::Close, true, b"\x03\xe8bye");
    let text = "x".repeat(200);
    let long = ECHO.replace("é😀", &text);
    let long = frame(number, Opcode::Text, true, long.as_bytes());
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
    let handshake = frame(1, Opcode::Text, true, HANDSHAKE.as_bytes());
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
            let mut socket = TcpStream::connect(address).await.unwrap();
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
    // A whole handshake came each time, though nobody waited for its response.
    let expected = 2 * (bytes.len() - 1);
    assert_eq!(server.finish().await.len(), expected);
}
