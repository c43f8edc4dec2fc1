//! WebSocket frames: violations of RFC 6455, and unusual but valid frames.

use hubwire::protocol::{Opcode, write_masked_fragment, write_masked_frame};

use crate::server::Server;
use test_support::client::{Client, Received};

const ECHO: &[u8] =
    b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"x\"]}\x1e";
const ECHOED: &str = r#"{"type":3,"invocationId":"1","result":"x"}"#;

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], payload);
    frame
}

fn fragment(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked_fragment(&mut frame, opcode, [1, 2, 3, 4], payload);
    frame
}

/// Returns a valid frame with the bits of its first byte changed.
fn with_first_byte(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = frame(Opcode::Text, payload);
    frame[0] = first;
    frame
}

fn unmasked() -> Vec<u8> {
    let mut frame = Vec::new();
    hubwire::protocol::write_frame(&mut frame, Opcode::Text, ECHO);
    frame
}

/// Returns what ends a WebSocket with 1002, and what the hub is told.
fn violations() -> Vec<(Vec<u8>, &'static str)> {
    let close = |code: u16| frame(Opcode::Close, &code.to_be_bytes());
    let too_long = [&[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], ECHO].concat();
    let orphan = frame(Opcode::Continuation, ECHO);
    let inside = [fragment(Opcode::Text, b"{"), frame(Opcode::Text, ECHO)].concat();
    vec![
        (unmasked(), "unmasked frame from a client"),
        (
            with_first_byte(0xc1, ECHO),
            "reserved bit set in a frame header",
        ),
        (
            with_first_byte(0xa1, ECHO),
            "reserved bit set in a frame header",
        ),
        (
            with_first_byte(0x91, ECHO),
            "reserved bit set in a frame header",
        ),
        (with_first_byte(0x83, ECHO), "reserved opcode"),
        (with_first_byte(0x8b, b""), "reserved opcode"),
        (fragment(Opcode::Ping, b"x"), "fragmented control frame"),
        (
            frame(Opcode::Ping, &[b'x'; 126]),
            "control frame of more than 125 bytes",
        ),
        (orphan, "continuation without a message to continue"),
        (inside, "message begins within the fragments of another"),
        (too_long, "frame length beyond 63 bits"),
        (close(999), "close code 999 may not be sent"),
        (close(1005), "close code 1005 may not be sent"),
        (close(1006), "close code 1006 may not be sent"),
        (close(5000), "close code 5000 may not be sent"),
        (frame(Opcode::Close, &[3]), "close frame with half a code"),
        (
            frame(Opcode::Close, b"\x03\xe8\xff\xfe"),
            "close reason is not valid UTF-8",
        ),
    ]
}

#[tokio::test]
async fn a_violation_is_closed_with_1002_and_the_hub_is_told() {
    let server = Server::start().await;
    let mut expected = Vec::new();
    for (bytes, text) in violations() {
        let mut client = server.open("/detailed").await;
        client.send_raw(&bytes).await;
        client.expect_cut(1002).await;
        server.until_only_bystander().await;
        expected.extend(["connected".to_owned(), format!("disconnected: {text}")]);
    }
    assert_eq!(server.finish().await, expected);
}

#[tokio::test]
async fn a_violation_before_the_handshake_is_closed_with_1002_too() {
    let server = Server::start().await;
    for (bytes, _) in violations() {
        let mut client = server.upgrade("/plain").await;
        client.send_raw(&bytes).await;
        client.expect_cut(1002).await;
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_closed_with_1007() {
    let server = Server::start().await;
    let bad: [&[u8]; 3] = [
        b"\xff\xfe\x1e",
        b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"\xff\"]}\x1e",
        b"\xed\xa0\x80",
    ];
    for payload in bad {
        let mut client = server.open("/plain").await;
        client.send_frame(Opcode::Text, payload).await;
        client.expect_cut(1007).await;
    }
    // Half a character at the end of a message.
    let mut client = server.open("/plain").await;
    client.send_fragment(Opcode::Text, b"\xc3").await;
    client.send_frame(Opcode::Continuation, b"").await;
    client.expect_cut(1007).await;
    let journal = server.finish().await;
    assert_eq!(
        journal,
        ["connected", "disconnected: text message is not valid UTF-8"].repeat(4)
    );
}

#[tokio::test]
async fn text_in_binary_frames_is_not_checked() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    client.send_frame(Opcode::Binary, ECHO).await;
    client.expect(ECHOED).await;
    let broken =
        b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"\xff\"]}\x1e";
    client.send_frame(Opcode::Binary, broken).await;
    client
        .expect(r#"{"type":3,"invocationId":"1","error":"Failed to invoke 'Echo' due to an error on the server."}"#)
        .await;
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn pings_get_pongs_between_fragments_and_pongs_get_none() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    for payload in [&b""[..], b"hello", &[b'x'; 125]] {
        client.send_frame(Opcode::Ping, payload).await;
        assert_eq!(client.next().await, Received::Pong(payload.to_vec()));
    }
    client.send_frame(Opcode::Pong, b"unasked").await;
    let (first, rest) = ECHO.split_at(10);
    client.send_fragment(Opcode::Text, first).await;
    client.send_frame(Opcode::Ping, b"mid").await;
    client.send_fragment(Opcode::Continuation, b"").await;
    client.send_frame(Opcode::Continuation, rest).await;
    assert_eq!(client.next().await, Received::Pong(b"mid".to_vec()));
    client.expect(ECHOED).await;
    client.leave().await;
    server.finish().await;
}

/// Sends bytes and expects one echo.
async fn assert_echoes(client: &mut Client, bytes: &[u8]) {
    client.send_raw(bytes).await;
    client.expect(ECHOED).await;
}

#[tokio::test]
async fn unusual_frames_pass() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    let mut zero_mask = Vec::new();
    write_masked_frame(&mut zero_mask, Opcode::Text, [0; 4], ECHO);
    assert_echoes(&mut client, &zero_mask).await;

    let length = u8::try_from(ECHO.len()).unwrap();
    let medium = [&[0x81, 0xfe, 0, length, 0, 0, 0, 0], ECHO].concat();
    assert_echoes(&mut client, &medium).await;
    let long = [&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, length, 0, 0, 0, 0], ECHO].concat();
    assert_echoes(&mut client, &long).await;

    let empty_first = [frame(Opcode::Text, b""), frame(Opcode::Text, ECHO)].concat();
    assert_echoes(&mut client, &empty_first).await;

    // A complete record is processed even if its message has not ended yet.
    assert_echoes(&mut client, &fragment(Opcode::Text, ECHO)).await;
    let end = frame(Opcode::Continuation, ECHO);
    assert_echoes(&mut client, &end).await;

    let whole = frame(Opcode::Text, ECHO);
    for byte in whole.chunks(1) {
        client.send_raw(byte).await;
    }
    client.expect(ECHOED).await;
    client.leave().await;
    server.finish().await;
}
