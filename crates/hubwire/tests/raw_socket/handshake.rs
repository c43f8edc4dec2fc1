//! The first record of a connection, valid and invalid.

use hubwire::protocol::Opcode;

use crate::server::Server;
use test_support::client::{Client, HANDSHAKE, Received};

const UNEXPECTED: &str = r#"{"error":"An unexpected error occurred during connection handshake."}"#;
const CANCELED: &str = r#"{"error":"Handshake was canceled."}"#;
const ECHO: &str = r#"{"type":1,"invocationId":"1","target":"Echo","arguments":["a"]}"#;
const ECHOED: &str = r#"{"type":3,"invocationId":"1","result":"a"}"#;

/// Sends a handshake and asserts that it is refused with this response, then Close 1000.
async fn assert_refused(server: &Server, path: &str, handshake: &str, response: &str) {
    let mut client = server.upgrade(path).await;
    client.send(handshake).await;
    client.expect(response).await;
    client.expect_closed(1000).await;
}

#[tokio::test]
async fn an_invalid_handshake_is_refused_and_no_hook_runs() {
    let server = Server::start().await;
    let bad = [
        "hello",
        "",
        "[]",
        "1",
        "null",
        r#""json""#,
        "{}",
        r#"{"protocol":"json""#,
        r#"{"protocol":"json","version":1,}"#,
        r#"{"protocol":"json",/*c*/"version":1}"#,
        r#"{"protocol":"json"}"#,
        r#"{"version":1}"#,
        r#"{"Protocol":"json","Version":1}"#,
        r#"{"protocol":null,"version":1}"#,
        r#"{"protocol":1,"version":1}"#,
        r#"{"protocol":"json","version":null}"#,
        r#"{"protocol":"json","version":"1"}"#,
        r#"{"protocol":"json","version":1.5}"#,
        r#"{"protocol":"json","version":99999999999}"#,
        "\u{feff}{\"protocol\":\"json\",\"version\":1}",
        r#"{"type":6}"#,
        ECHO,
    ];
    for handshake in bad {
        assert_refused(&server, "/plain", handshake, UNEXPECTED).await;
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn detailed_errors_say_what_is_wrong_with_a_handshake() {
    let server = Server::start().await;
    let response = |detail: &str| UNEXPECTED.replace(r#"handshake.""#, &format!("{detail}\""));
    let garbage = response(
        "handshake. JsonReaderException: 'h' is an invalid start of a value. LineNumber: 0 | BytePositionInLine: 0.",
    );
    assert_refused(&server, "/detailed", "hello", &garbage).await;
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn unknown_protocols_and_later_versions_are_named() {
    let server = Server::start().await;
    let refused = [
        ("xml", 1, "The protocol 'xml' is not supported."),
        ("", 1, "The protocol '' is not supported."),
        (
            "JSON",
            99,
            "The server does not support version 99 of the 'JSON' protocol.",
        ),
        (
            "json",
            3,
            "The server does not support version 3 of the 'json' protocol.",
        ),
    ];
    for (protocol, version, text) in refused {
        let handshake = format!(r#"{{"protocol":"{protocol}","version":{version}}}"#);
        let response = format!(r#"{{"error":"{text}"}}"#);
        assert_refused(&server, "/plain", &handshake, &response).await;
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn unusual_handshakes_pass() {
    let server = Server::start().await;
    let padded = format!(
        r#"{{"protocol":"json","version":1,"pad":"{}"}}"#,
        "x".repeat(32_000)
    );
    let good = [
        r#"{"protocol":"json","version":-1}"#,
        r#"{"protocol":"json","version":0}"#,
        r#"{"protocol":"json","version":2}"#,
        r#"{"protocol":"JSON","version":1}"#,
        r#"{"version":1,"protocol":"json","extra":{"a":[1,2]},"more":null}"#,
        r#"{"protocol":"xml","protocol":"json","version":1}"#,
        r#"{"\u0070rotocol":"json","version":1}"#,
        r#"{"protocol":"json","version":1}x"#,
        " { \"protocol\" : \"json\" , \"version\" : 1 } \r\n",
        &padded,
    ];
    for handshake in good {
        let mut client = server.upgrade("/plain").await;
        client.send(handshake).await;
        client.expect("{}").await;
        client.expect_alive().await;
        client.leave().await;
    }
    server.finish().await;
}

#[tokio::test]
async fn an_endless_handshake_is_cancelled_at_the_message_limit() {
    let server = Server::start().await;
    let mut client = server.upgrade("/plain").await;
    client.send_text(&"x".repeat(32 * 1024)).await;
    client.send_text("x").await;
    client.expect(CANCELED).await;
    client.expect_closed(1000).await;

    let at_limit = format!("{HANDSHAKE:>32768}");
    let mut client = server.upgrade("/plain").await;
    client.send_text(&at_limit).await;
    client.expect("{}").await;
    client.leave().await;

    assert_refused(&server, "/plain", &"x".repeat(32 * 1024), CANCELED).await;
    let journal = server.finish().await;
    assert_eq!(journal, ["connected", "disconnected: transport closed"]);
}

#[tokio::test]
async fn an_unfinished_handshake_times_out() {
    let server = Server::start().await;
    for beginning in ["", r#"{"protocol":"#] {
        let mut client = server.upgrade("/hasty").await;
        client.send_text(beginning).await;
        client.expect(CANCELED).await;
        client.expect_closed(1000).await;
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_handshake_gets_no_response() {
    let server = Server::start().await;
    let mut client = server.upgrade("/plain").await;
    client.send_text(r#"{"protocol":"json","ver"#).await;
    client.send_fin().await;
    assert_eq!(client.next().await, Received::Eof);

    server.upgrade("/plain").await.leave().await;

    let mut client = server.upgrade("/plain").await;
    client.send_text(r#"{"protocol":"json","ver"#).await;
    client.reset();
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test]
async fn messages_after_the_handshake_are_processed() {
    let server = Server::start().await;
    let mut client = server.upgrade("/plain").await;
    client
        .send_text(&format!(
            "{HANDSHAKE}{ECHO}\x1e{{\"type\":6}}\x1e{ECHO}\x1e"
        ))
        .await;
    for record in ["{}", ECHOED, ECHOED] {
        client.expect(record).await;
    }
    client.expect_alive().await;

    // The handshake's record ends its WebSocket message; whatever else was sent waits for the
    // hook.
    let mut waiting = server.upgrade("/connecting-waits").await;
    waiting.send_text(&format!("{HANDSHAKE}{ECHO}\x1e")).await;
    waiting.expect("{}").await;
    waiting.send(ECHO).await;
    server.gate.let_one_pass();
    waiting.expect(ECHOED).await;
    waiting.expect(ECHOED).await;
    waiting.leave().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_handshake_may_be_split_anywhere() {
    let server = Server::start().await;
    let mut frames = server.upgrade("/plain").await;
    for byte in HANDSHAKE.as_bytes() {
        let byte = std::slice::from_ref(byte);
        frames.send_frame(Opcode::Text, byte).await;
        frames.send_frame(Opcode::Binary, b"").await;
    }
    let mut fragments = server.upgrade("/plain").await;
    fragments.send_fragment(Opcode::Text, b"").await;
    for byte in HANDSHAKE.as_bytes() {
        let byte = std::slice::from_ref(byte);
        fragments.send_fragment(Opcode::Continuation, byte).await;
    }
    let mut bytes = server.upgrade("/plain").await;
    let mut frame = Vec::new();
    let payload = HANDSHAKE.as_bytes();
    hubwire::protocol::write_masked_frame(&mut frame, Opcode::Binary, [9, 8, 7, 6], payload);
    for byte in frame.chunks(1) {
        bytes.send_raw(byte).await;
    }
    fragments.expect("{}").await;
    fragments.send_frame(Opcode::Continuation, b"").await;
    for mut client in [frames, bytes] {
        client.expect("{}").await;
        client.expect_alive().await;
        client.leave().await;
    }
    fragments.expect_alive().await;
    fragments.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn web_socket_pings_get_pongs_before_the_handshake() {
    let server = Server::start().await;
    let mut client = server.upgrade("/plain").await;
    client.send_frame(Opcode::Ping, b"early").await;
    assert_eq!(client.next().await, Received::Pong(b"early".to_vec()));
    client.send_text(HANDSHAKE).await;
    client.expect("{}").await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_second_handshake_is_not_a_message() {
    let server = Server::start().await;
    let mut client = Client::open(server.address, "/plain").await;
    client.send_text(HANDSHAKE).await;
    client
        .expect(r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#)
        .await;
    client.expect_closed(1000).await;
    let journal = server.finish().await;
    assert_eq!(
        journal,
        [
            "connected",
            "disconnected: Missing required property 'type'."
        ]
    );
}
