//! WebSocket frames: what breaks RFC 6455, and what is unusual but good.

use hubwire::protocol::{Opcode, write_masked_frame};

use crate::server::Server;
use test_support::client::{Client, Received};

const ECHO: &[u8] =
    b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"x\"]}\x1e";
const ECHOED: &str = r#"{"type":3,"invocationId":"1","result":"x"}"#;

fn frame(opcode: Opcode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, opcode, is_final, [1, 2, 3, 4], payload);
    frame
}

/// A good frame with the bits of its first byte changed.
fn with_first_byte(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = frame(Opcode::Text, true, payload);
    frame[0] = first;
    frame
}

fn unmasked() -> Vec<u8> {
    let mut frame = Vec::new();
    hubwire::protocol::write_frame(&mut frame, Opcode::Text, ECHO);
    frame
}

/// What ends a WebSocket with 1002, and what the hub is told.
fn violations() -> Vec<(Vec<u8>, &'static str)> {
    let close = |code: u16| frame(Opcode::Close, true, &code.to_be_bytes());
    let too_long = [&[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], ECHO].concat();
    let orphan = frame(Opcode::Continuation, true, ECHO);
    let inside = [
        frame(Opcode::Text, false, b"{"),
        frame(Opcode::Text, true, ECHO),
    ]
    .concat();
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
        (frame(Opcode::Ping, false, b"x"), "fragmented control frame"),
        (
            frame(Opcode::Ping, true, &[b'x'; 126]),
            "control frame of more than 125 bytes",
        ),
        (orphan, "continuation without a message to continue"),
        (inside, "message begins within the fragments of another"),
        (too_long, "frame length beyond 63 bits"),
        (close(999), "close code 999 may not be sent"),
        (close(1005), "close code 1005 may not be sent"),
        (close(1006), "close code 1006 may not be sent"),
        (close(5000), "close code 5000 may not be sent"),
        (
            frame(Opcode::Close, true, &[3]),
            "close frame with half a code",
        ),
        (
            frame(Opcode::Close, true, b"\x03\xe8\xff\xfe"),
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
        client.send_frame(Opcode::Text, true, payload).await;
        client.expect_cut(1007).await;
    }
    // Half a character at the end of a message.
    let mut client = server.open("/plain").await;
    client.send_frame(Opcode::Text, false, b"\xc3").await;
    client.send_frame(Opcode::Continuation, true, b"").await;
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
    client.send_frame(Opcode::Binary, true, ECHO).await;
    client.expect(ECHOED).await;
    let broken =
        b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"\xff\"]}\x1e";
    client.send_frame(Opcode::Binary, true, broken).await;
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
        client.send_frame(Opcode::Ping, true, payload).await;
        assert_eq!(client.next().await, Received::Pong(payload.to_vec()));
    }
    client.send_frame(Opcode::Pong, true, b"unasked").await;
    let (first, rest) = ECHO.split_at(10);
    client.send_frame(Opcode::Text, false, first).await;
    client.send_frame(Opcode::Ping, true, b"mid").await;
    client.send_frame(Opcode::Continuation, false, b"").await;
    client.send_frame(Opcode::Continuation, true, rest).await;
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
    write_masked_frame(&mut zero_mask, Opcode::Text, true, [0; 4], ECHO);
    assert_echoes(&mut client, &zero_mask).await;

    let length = u8::try_from(ECHO.len()).unwrap();
    let medium = [&[0x81, 0xfe, 0, length, 0, 0, 0, 0], ECHO].concat();
    assert_echoes(&mut client, &medium).await;
    let long = [&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, length, 0, 0, 0, 0], ECHO].concat();
    assert_echoes(&mut client, &long).await;

    let empty_first = [
        frame(Opcode::Text, true, b""),
        frame(Opcode::Text, true, ECHO),
    ]
    .concat();
    assert_echoes(&mut client, &empty_first).await;

    // A whole record is handled though its message has no end yet.
    assert_echoes(&mut client, &frame(Opcode::Text, false, ECHO)).await;
    let end = frame(Opcode::Continuation, true, ECHO);
    assert_echoes(&mut client, &end).await;

    let whole = frame(Opcode::Text, true, ECHO);
    for byte in whole.chunks(1) {
        client.send_raw(byte).await;
    }
    client.expect(ECHOED).await;
    client.leave().await;
    server.finish().await;
}
