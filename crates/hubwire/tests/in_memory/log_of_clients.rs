//! The log at its default level for clients that are refused or disconnected.

use axum::body::{Body, to_bytes};
use hubwire::testing::{Received, TestClient};
use hubwire::{SignalR, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::{LogLine, LogLines};
use tower::ServiceExt;
use tracing::Level;

/// The number of messages in a flood.
const FLOOD: usize = 10_000;

struct EchoHub;

#[hub]
impl EchoHub {
    pub fn echo(&self, text: String) -> String {
        text
    }
}

/// A server, and its log lines at the level of a program without a filter, which enables no spans.
fn stage() -> (LogLines, TestServer<EchoHub>) {
    (LogLines::written(Level::WARN), TestServer::new(EchoHub))
}

/// Invalid handshakes, each with the parts of its line.
const HANDSHAKES: [(&str, &str, &str); 6] = [
    (
        "{\"protocol\":\"x\\nFORGED\",\"version\":1}\u{1e}",
        "does not speak the protocol",
        r"The protocol 'x\nFORGED' is not supported.",
    ),
    (
        "{\"protocol\":\"json\",\"version\":9}\u{1e}",
        "too new",
        "version 9",
    ),
    (
        "{\"type\":1,\"target\":\"Login\",\"arguments\":[\"hunter2\"]}\u{1e}",
        "the first message is no handshake",
        "Missing required property 'protocol'.",
    ),
    (
        "hunter2\u{1e}",
        "the first message is no handshake",
        "'h' is an invalid start of a value",
    ),
    ("", "within `handshake_timeout`", ""),
    ("large", "larger than `maximum_receive_message_size`", ""),
];

async fn refused_handshake(server: &TestServer<EchoHub>, sent: &str) {
    let mut client = server.open();
    let bytes = match sent {
        "large" => "x".repeat(40_000),
        _ => sent.to_owned(),
    };
    if bytes.is_empty() {
        pass(seconds(16)).await;
    } else {
        client.send_bytes(bytes.as_bytes()).await.unwrap();
    }
    assert!(message(&mut client).await["error"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_refused_handshake_is_one_warning() {
    for (sent, text, detail) in HANDSHAKES {
        let (lines, server) = stage();
        refused_handshake(&server, sent).await;
        let line = lines.one_of_a_connection("EchoHub");
        assert_eq!(line.target, "hubwire::handshake");
        assert!(line.message.contains(text), "{line:?}");
        assert!(line.field("detail").contains(detail), "{line:?}");
        assert_eq!(line.level, Level::WARN);
        server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_handshakes_is_two_lines_in_ten_seconds() {
    let (lines, server) = stage();
    for number in 0..FLOOD {
        let request = format!("{{\"protocol\":\"p{number}\",\"version\":1}}\u{1e}");
        refused_handshake(&server, &request).await;
    }
    assert!(lines.one().field("detail").contains("'p0'"));
    pass(seconds(11)).await;
    let line = lines.one();
    assert!(line.field("detail").contains("'p1'"), "{line:?}");
    assert_eq!(line.field("since_last_line"), "9999");
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_too_large_are_two_lines_in_ten_seconds() {
    let (lines, server) = stage();
    let large = "hunter2".repeat(5_000);
    for _ in 0..100 {
        let mut client = server.connect().await;
        client.send("Echo", (&large,)).await.unwrap();
        assert_eq!(message(&mut client).await["type"], 7);
    }
    let line = lines.one_of_a_connection("EchoHub");
    assert!(line.message.contains("`maximum_receive_message_size`"));
    assert!(line.field("detail").contains("32768B"), "{line:?}");
    assert!(!format!("{line:?}").contains("hunter2"));
    pass(seconds(11)).await;
    let line = lines.one_of_a_connection("EchoHub");
    assert_eq!(line.field("since_last_line"), "99");
}

#[tokio::test(start_paused = true)]
async fn silent_clients_are_disconnected_with_two_lines() {
    let (lines, server) = stage();
    let mut silent = Vec::new();
    for _ in 0..1_000 {
        let mut client = server.connect().await;
        ping(&mut client).await;
        silent.push(client);
    }
    pass(seconds(33)).await;
    let line = lines.one_of_a_connection("EchoHub");
    assert_eq!(line.target, "hubwire::connection");
    assert!(line.message.contains("`client_timeout_interval`"));
    pass(seconds(11)).await;
    // The clients return no Close either, which is another limit.
    let lines = lines.take();
    for line in &lines {
        assert_eq!(line.field("hub"), "EchoHub", "{line:?}");
        assert_eq!(line.field("connection_id").len(), 22, "{line:?}");
    }
    let mut let_go = lines
        .iter()
        .filter(|line| line.target == "hubwire::connection");
    assert_eq!(let_go.next().unwrap().field("since_last_line"), "999");
    assert!(let_go.next().is_none());
    assert_eq!(lines.len(), 2, "{lines:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_too_little_is_disconnected_with_one_line() {
    let (lines, server) = stage();
    let _client = server.connect().await;
    let text = "x".repeat(16 * 1024);
    for _ in 0..20 {
        let all = server.context().clients().all();
        all.send("Text", (&text,)).await.unwrap();
    }
    pass(seconds(70)).await;
    let line = lines.one_of_a_connection("EchoHub");
    assert!(line.message.contains("`transport_progress_timeout`"));
}

/// The line about a client that reads neither of two texts of this length.
async fn line_of_an_unread_text(server: &TestServer<EchoHub>, size: usize) -> LogLine {
    let lines = LogLines::written(Level::WARN);
    let mut client = TestClient::connect_pulled(&server.endpoint).await.unwrap();
    client.leave();
    let text = "x".repeat(size);
    for _ in 0..2 {
        let all = server.context().clients().all();
        all.send("Text", (&text,)).await.unwrap();
        settle().await;
    }
    pass(seconds(2)).await;
    lines.one_of_a_connection("EchoHub")
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_queue_is_full_is_let_go_with_one_line() {
    let server = TestServer::with(EchoHub, |hub| {
        hub.outbound_buffer_size(10_000)
            .maximum_outbound_buffer_size(20_000)
    });
    let line = line_of_an_unread_text(&server, 15_000).await;
    assert_eq!(line.target, "hubwire::connection");
    assert!(line.message.contains("`maximum_outbound_buffer_size`"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_because_the_node_is_full_is_one_line() {
    let signalr = SignalR::builder()
        .maximum_outbound_memory(1024 * 1024)
        .build();
    let server = TestServer::on(signalr, EchoHub, |hub| hub);
    let line = line_of_an_unread_text(&server, 800_000).await;
    assert_eq!(line.target, "hubwire::connection");
    assert!(line.message.contains("`maximum_outbound_memory`"));
}

async fn negotiate(server: &TestServer<EchoHub>, version: u8) -> Value {
    let uri = format!("/hubs/echo/negotiate?negotiateVersion={version}");
    let request = http::Request::post(uri).body(String::new()).unwrap();
    let response = server.endpoint.negotiate().oneshot(request).await.unwrap();
    let body = to_bytes(Body::new(response.into_body()), 10_000).await;
    serde_json::from_slice(&body.unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn version_0_is_one_warning_an_hour_without_the_id_because_it_is_the_token() {
    let (lines, server) = stage();
    assert!(negotiate(&server, 1).await["connectionToken"].is_string());
    assert_eq!(lines.take(), []);
    for _ in 0..FLOOD {
        assert!(negotiate(&server, 0).await["connectionId"].is_string());
    }
    let line = lines.one();
    assert_eq!(line.target, "hubwire::negotiate");
    assert_eq!(line.field("hub"), "EchoHub");
    assert_eq!(line.field("connection_id"), "");
    assert_eq!(line.field("since_last_line"), "1");
    pass(seconds(3_590)).await;
    assert_eq!(lines.take(), []);
    pass(seconds(20)).await;
    assert_eq!(lines.one().field("since_last_line"), "9999");
}

#[tokio::test(start_paused = true)]
async fn a_client_cannot_forge_log_lines() {
    let lines = LogLines::written(Level::TRACE);
    let server = TestServer::new(EchoHub);
    for record in [
        json!({"type": 7, "error": "x\nFORGED"}),
        json!({"type": 2, "invocationId": "x\nFORGED", "item": 1}),
        json!({"type": 3, "invocationId": "x\nFORGED", "error": "x\nFORGED"}),
        json!({"type": 5, "invocationId": "x\nFORGED"}),
        json!({"type": 9, "sequenceId": 1, "x\nFORGED": "x\nFORGED"}),
        json!({"type": 1, "target": "x\nFORGED", "arguments": []}),
        json!({"type": 1, "target": "Echo", "arguments": [7], "streamIds": ["x\nFORGED"]}),
        json!({"type": 4, "invocationId": "x\nFORGED", "target": "Echo", "arguments": ["x\nFORGED"]}),
    ] {
        let mut client = server.connect().await;
        client.send_record(&record).await.unwrap();
        settle().await;
    }
    let mut client = server.open();
    let handshake = json!({"protocol": "x\nFORGED", "version": 1});
    client.send_record(&handshake).await.unwrap();
    assert!(matches!(next(&mut client).await, Received::Message(_)));
    let lines = lines.take();
    let forged = lines
        .iter()
        .filter(|line| format!("{line:?}").contains("FORGED"));
    assert!(forged.count() >= 4);
    for line in lines {
        let texts = line.fields.iter().map(|(_, text)| text);
        for text in texts.chain([&line.message]) {
            assert!(!text.contains(char::is_control), "{line:?}");
        }
    }
}
