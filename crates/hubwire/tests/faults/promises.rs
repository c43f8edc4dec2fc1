//! Frames that promise more bytes than there are.

use crate::server::Server;
use test_support::client::{Client, Received};
use test_support::memory::resident;

const CLIENTS: usize = 50;

/// The most that all of them may cost.
const COST: usize = 20 * 1024 * 1024;

const TOO_LARGE: &str =
    r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#;
const CANCELED: &str = r#"{"error":"Handshake was canceled."}"#;

/// Close, ping, pong.
const CONTROL: [u8; 3] = [8, 9, 10];

/// The header of a masked frame of so many bytes, and the first few of them.
fn promise(opcode: u8, length: u64) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode, 0xff];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(b"xxxx");
    frame
}

fn lengths() -> impl Iterator<Item = u64> {
    [(1 << 63) - 1, 1 << 62, 1 << 40].into_iter().cycle()
}

/// Keeps as much of the promise as the server takes.
async fn go_on_beyond_the_limit(client: &mut Client) {
    for _ in 0..33 {
        client.send_raw(&[b'x'; 1024]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_costs_nothing_until_it_is_kept() {
    let server = Server::start_alone().await;
    let before = resident();
    let mut clients = Vec::new();
    for (number, length) in (0..CLIENTS).zip(lengths()) {
        let mut client = server.join("/plain").await;
        let opcode = if number % 2 == 0 { 1 } else { 2 };
        client.send_raw(&promise(opcode, length)).await;
        clients.push(client);
    }
    let growth = resident().saturating_sub(before);
    assert!(growth < COST, "{growth} bytes for promises");
    for client in &mut clients {
        go_on_beyond_the_limit(client).await;
        client.expect(TOO_LARGE).await;
        assert_eq!(client.next().await, Received::Close(Some(1000)));
    }
    let growth = resident().saturating_sub(before);
    assert!(growth < COST, "{growth} bytes after promises");
    for client in clients {
        client.reset();
    }
    let journal = server.finish().await;
    let too_large = "disconnected: The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions.";
    let ends = journal.iter().filter(|entry| *entry == too_large);
    assert_eq!(ends.count(), CLIENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promised_handshake_is_cancelled_at_the_limit() {
    let server = Server::start().await;
    for (opcode, length) in [1, 2, 1].into_iter().zip(lengths()) {
        let mut client = server.upgrade("/hasty").await;
        client.send_raw(&promise(opcode, length)).await;
        go_on_beyond_the_limit(&mut client).await;
        client.expect(CANCELED).await;
        assert_eq!(client.next().await, Received::Close(Some(1000)));
        // Within the frame no Close can be returned.
        assert_eq!(client.next().await, Received::Reset);
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_frames_promise_at_most_125_bytes() {
    let server = Server::start().await;
    for (opcode, length) in CONTROL.into_iter().zip(lengths()) {
        let mut client = server.join("/plain").await;
        client.send_raw(&promise(opcode, length)).await;
        client.expect_cut(1002).await;
    }
    let journal = server.finish().await;
    let too_long = "disconnected: control frame of more than 125 bytes";
    assert_eq!(journal, ["connected", too_long].repeat(CONTROL.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_records_within_a_promise_are_handled() {
    let server = Server::start().await;
    let mut client = server.join("/plain").await;
    let record =
        "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"a\"]}\x1e";
    let mut bytes = promise(1, (1 << 63) - 1);
    bytes.truncate(14);
    bytes.extend(record.repeat(3).as_bytes());
    client.send_raw(&bytes).await;
    for _ in 0..3 {
        client
            .expect(r#"{"type":3,"invocationId":"1","result":"a"}"#)
            .await;
    }
    client.reset();
    let journal = server.finish().await;
    assert_eq!(journal, ["connected", "disconnected: transport closed"]);
}
