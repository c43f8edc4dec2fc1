//! What an operator reads at the default level: who was refused or let go, once for each reason, without a value.

use axum::response::IntoResponse;
use futures_util::{Stream, stream};
use hubwire::testing::{Received, TestClient};
use hubwire::{HubError, HubResult, StreamReader, hub};
use serde::Deserialize;
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::{LogLine, LogLines};
use tower::ServiceExt;
use tracing::Level;

/// What clients send, and no line may have.
const VALUE: &str = "hunter2";

/// How often is a flood.
const FLOOD: usize = 10_000;

#[derive(Deserialize)]
struct Order {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    count: u8,
}

struct OrderHub;

#[hub]
impl OrderHub {
    pub fn place(&self, order: Order) -> usize {
        order.lines.iter().map(|line| usize::from(line.count)).sum()
    }

    pub fn refuse(&self) -> HubResult {
        Err(HubError::new("not\ntoday"))
    }

    pub fn fail(&self) -> HubResult {
        Err(std::io::Error::other("the disk is full").into())
    }

    pub fn panic(&self) {
        panic!("at the disk");
    }

    pub fn follow(&self) -> impl Stream<Item = i32> {
        stream::iter(0..3)
    }

    pub async fn read(&self, mut counts: StreamReader<u8>) {
        while let Some(Ok(_)) = counts.next().await {}
    }
}

struct Stage {
    lines: LogLines,
    server: TestServer<OrderHub>,
    client: TestClient,
}

impl Stage {
    /// With the lines of the level at which a program without a filter is logged.
    async fn new() -> Self {
        let lines = LogLines::written(Level::WARN);
        let server = TestServer::new(OrderHub);
        let client = server.connect().await;
        Self {
            lines,
            server,
            client,
        }
    }

    async fn send(&mut self, record: Value) {
        self.client.send_record(&record).await.unwrap();
    }

    async fn send_all(&mut self, records: &[Value]) {
        for record in records {
            self.send(record.clone()).await;
        }
        settle().await;
    }

    /// The one line since the last time, which belongs to a connection of the hub.
    #[track_caller]
    fn line(&self) -> LogLine {
        let line = self.lines.one();
        assert_eq!(line.field("hub"), "OrderHub", "{line:?}");
        assert_eq!(line.field("connection_id").len(), 22, "{line:?}");
        assert!(!format!("{line:?}").contains(VALUE), "{line:?}");
        line
    }
}

fn call(target: &str, arguments: &Value) -> Value {
    json!({"type": 1, "target": target, "arguments": arguments})
}

/// Calls without an id that nobody hears of, each with what its line says.
fn vanishing() -> Vec<(Vec<Value>, &'static str, &'static str, &'static str)> {
    let order = |order: Value| vec![call("place", &json!([order]))];
    vec![
        (
            vec![call("Pl\n\u{1b}[31mace", &json!([VALUE]))],
            "no such method",
            r"Pl\n\u{1b}[31mace",
            "",
        ),
        (
            vec![call("PLACE", &json!([{"lines": []}, VALUE]))],
            "another number of arguments",
            "PLACE",
            "Invocation provides 2 argument(s) but target expects 1.",
        ),
        (
            order(json!({"lines": [{"count": 1}, {"count": VALUE}]})),
            "an argument does not fit",
            "place",
            "argument 1, order.lines[1].count: invalid type: string, expected u8",
        ),
        (
            order(json!({"lines": [{VALUE: 1}]})),
            "an argument does not fit",
            "place",
            "argument 1, order.lines[0]: missing field `count`",
        ),
        (
            vec![call("Follow", &json!([]))],
            "returns a stream",
            "Follow",
            "",
        ),
        (
            vec![call("Read", &json!([]))],
            "the streams that came with it",
            "Read",
            "sent 0 stream(s), Hub method expects 1.",
        ),
        (
            vec![call("Refuse", &json!([]))],
            "an error that its caller may read",
            "Refuse",
            r"not\ntoday",
        ),
        (
            vec![
                json!({"type": 1, "target": "Read", "arguments": [], "streamIds": ["s"]}),
                json!({"type": 2, "invocationId": "s", "item": VALUE}),
            ],
            "an item does not fit",
            "Read",
            "invalid type: string, expected u8",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_hears_of_is_one_warning() {
    for (records, message, method, detail) in vanishing() {
        let mut stage = Stage::new().await;
        stage.send_all(&records).await;
        let line = stage.line();
        assert_eq!(line.level, Level::WARN);
        assert_eq!(line.target, "hubwire::dispatch");
        assert!(line.message.contains(message), "{line:?}");
        assert_eq!(line.field("method"), method);
        assert!(line.field("detail").contains(detail), "{line:?}");
        assert_eq!(line.field("since_last_line"), "1");
        drop(stage.client);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_calls_is_two_lines_in_ten_seconds() {
    for (records, message, ..) in vanishing() {
        let mut stage = Stage::new().await;
        let is_stream = records.len() > 1;
        for number in 0..FLOOD {
            for record in &records {
                let mut record = record.clone();
                if is_stream {
                    let id = number.to_string();
                    match record["type"] == 1 {
                        true => record["streamIds"] = json!([id]),
                        false => record["invocationId"] = json!(id),
                    }
                }
                stage.send(record).await;
            }
        }
        settle().await;
        assert!(stage.line().message.contains(message));
        pass(seconds(11)).await;
        let line = stage.line();
        assert!(line.message.contains(message));
        assert_eq!(line.field("since_last_line"), (FLOOD - 1).to_string());
        pass(seconds(20)).await;
        assert_eq!(stage.lines.take(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_methods_are_one_reason_whatever_their_names() {
    let mut stage = Stage::new().await;
    for number in 0..FLOOD {
        stage
            .send(call(&format!("Guess{number}"), &json!([])))
            .await;
    }
    settle().await;
    assert_eq!(stage.line().field("method"), "Guess0");
    pass(seconds(11)).await;
    let line = stage.line();
    assert_eq!(line.field("method"), "Guess1");
    assert_eq!(line.field("since_last_line"), "9999");
    // Nothing of the other names is kept.
    pass(seconds(60)).await;
    assert_eq!(stage.lines.take(), []);
}

#[tokio::test(start_paused = true)]
async fn a_long_name_is_cut() {
    let mut stage = Stage::new().await;
    stage
        .send_all(&[call(&"x".repeat(20_000), &json!([]))])
        .await;
    assert_eq!(stage.line().field("method"), "x".repeat(256) + "...");
}

#[tokio::test(start_paused = true)]
async fn of_a_call_with_an_id_its_client_hears() {
    let mut stage = Stage::new().await;
    for (number, (records, ..)) in vanishing().into_iter().enumerate() {
        if let [record] = &*records {
            let mut record = record.clone();
            let id = number.to_string();
            record["invocationId"] = json!(id);
            stage.send(record).await;
            stage.client.completion(&id).await.unwrap().unwrap_err();
        }
    }
    assert_eq!(stage.lines.take(), []);
}

#[tokio::test(start_paused = true)]
async fn each_is_there_at_debug() {
    let lines = LogLines::written(Level::DEBUG);
    let server = TestServer::new(OrderHub);
    let mut client = server.connect().await;
    lines.take();
    for id in [None, Some("7")] {
        for _ in 0..3 {
            let mut record = call("Guess", &json!([VALUE]));
            if let Some(id) = id {
                record["invocationId"] = json!(id);
            }
            client.send_record(&record).await.unwrap();
            settle().await;
        }
    }
    let lines = lines.take();
    let levels: Vec<_> = lines.iter().map(|line| line.level).collect();
    let mut expected = [Level::DEBUG; 6];
    expected[0] = Level::WARN;
    assert_eq!(levels, expected);
    for line in lines {
        assert_eq!(line.field("method"), "Guess");
        assert_eq!(line.field("hub"), "OrderHub");
        assert!(!format!("{line:?}").contains(VALUE));
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_that_fails_is_an_error_with_its_connection() {
    let mut stage = Stage::new().await;
    for (target, cause) in [("Fail", "the disk is full"), ("Panic", "at the disk")] {
        stage.send_all(&[call(target, &json!([]))]).await;
        let line = stage.line();
        assert_eq!(line.level, Level::ERROR);
        assert_eq!(line.field("method"), target);
        assert!(line.field("error").contains(cause), "{line:?}");
    }
}

/// What a client sends in place of a good handshake, and what its line says.
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

async fn refused_handshake(server: &TestServer<OrderHub>, sent: &str) {
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
    drop(client);
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_handshake_is_one_warning() {
    for (sent, text, detail) in HANDSHAKES {
        let stage = Stage::new().await;
        refused_handshake(&stage.server, sent).await;
        let line = stage.line();
        assert_eq!(line.target, "hubwire::handshake");
        assert!(line.message.contains(text), "{line:?}");
        assert!(line.field("detail").contains(detail), "{line:?}");
        assert_eq!(line.level, Level::WARN);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_handshakes_is_two_lines_in_ten_seconds() {
    let stage = Stage::new().await;
    // A millisecond each.
    let count = 5_000;
    for number in 0..count {
        let request = format!("{{\"protocol\":\"p{number}\",\"version\":1}}\u{1e}");
        refused_handshake(&stage.server, &request).await;
    }
    assert!(stage.line().field("detail").contains("'p0'"));
    pass(seconds(11)).await;
    let line = stage.line();
    assert!(line.field("detail").contains("'p1'"), "{line:?}");
    assert_eq!(line.field("since_last_line"), (count - 1).to_string());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_too_large_is_one_warning() {
    let mut stage = Stage::new().await;
    for _ in 0..100 {
        let large = call("Place", &json!([VALUE.repeat(5_000)]));
        stage.send(large).await;
        assert_eq!(message(&mut stage.client).await["type"], 7);
        stage.client = stage.server.connect().await;
    }
    let line = stage.line();
    assert!(line.message.contains("`maximum_receive_message_size`"));
    assert!(line.field("detail").contains("32768B"), "{line:?}");
    pass(seconds(11)).await;
    assert_eq!(stage.line().field("since_last_line"), "99");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_let_go_with_one_warning() {
    let mut stage = Stage::new().await;
    for _ in 0..50 {
        let mut silent = stage.server.connect().await;
        ping(&mut silent).await;
        std::mem::forget(silent);
    }
    for _ in 0..6 {
        ping(&mut stage.client).await;
        pass(seconds(7)).await;
    }
    let line = stage.lines.take().remove(0);
    assert_eq!(line.target, "hubwire::connection");
    assert!(line.message.contains("`client_timeout_interval`"));
    assert_eq!(line.field("hub"), "OrderHub");
    assert_eq!(line.field("connection_id").len(), 22);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_too_little_is_let_go_with_one_warning() {
    let stage = Stage::new().await;
    let context = stage.server.context();
    for _ in 0..20 {
        let text = "x".repeat(16 * 1024);
        context.clients().all().send("Text", (text,)).await.unwrap();
    }
    pass(seconds(70)).await;
    let line = stage.line();
    assert!(line.message.contains("`transport_progress_timeout`"));
}

async fn negotiate(server: &TestServer<OrderHub>, version: u8) -> Value {
    let uri = format!("/hubs/order/negotiate?negotiateVersion={version}");
    let request = http::Request::post(uri).body(String::new()).unwrap();
    let response = server.endpoint.negotiate().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(axum::body::Body::new(response.into_body()), 10_000).await;
    serde_json::from_slice(&body.unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn version_0_is_one_warning_an_hour_and_does_not_say_the_id_that_is_the_token() {
    let stage = Stage::new().await;
    assert!(negotiate(&stage.server, 1).await["connectionToken"].is_string());
    assert_eq!(stage.lines.take(), []);
    for _ in 0..FLOOD {
        assert!(negotiate(&stage.server, 0).await["connectionId"].is_string());
    }
    let line = stage.lines.one();
    assert_eq!(line.target, "hubwire::negotiate");
    assert_eq!(line.field("hub"), "OrderHub");
    assert_eq!(line.field("connection_id"), "");
    assert_eq!(line.field("since_last_line"), "1");
    drop(stage.client);
    pass(seconds(3_590)).await;
    assert!(
        stage
            .lines
            .take()
            .iter()
            .all(|line| line.target != "hubwire::negotiate")
    );
    pass(seconds(20)).await;
    assert_eq!(stage.lines.one().field("since_last_line"), "9999");
}

#[tokio::test(start_paused = true)]
async fn a_client_puts_no_line_of_its_own_into_the_log() {
    let lines = LogLines::written(Level::TRACE);
    let server = TestServer::new(OrderHub);
    for record in [
        json!({"type": 7, "error": "x\nFORGED"}),
        json!({"type": 2, "invocationId": "x\nFORGED", "item": 1}),
        json!({"type": 3, "invocationId": "x\nFORGED", "error": "x\nFORGED"}),
        json!({"type": 5, "invocationId": "x\nFORGED"}),
        json!({"type": 9, "sequenceId": 1, "x\nFORGED": "x\nFORGED"}),
        json!({"type": 1, "target": "x\nFORGED", "arguments": []}),
        json!({"type": 1, "target": "Place", "arguments": ["x\nFORGED"], "streamIds": ["x\nFORGED"]}),
        json!({"type": 4, "invocationId": "x\nFORGED", "target": "Place", "arguments": [{"lines": []}]}),
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

#[tokio::test(start_paused = true)]
async fn handlers_that_fail_are_a_line_in_ten_seconds() {
    let stage = Stage::new().await;
    for number in 0..FLOOD {
        let response = HubError::hidden(format!("cause\n{number}.")).into_response();
        assert_eq!(response.status(), 500);
    }
    let line = stage.lines.one();
    assert_eq!((line.level, line.target), (Level::ERROR, "hubwire::http"));
    assert!(line.field("error").contains(r"cause\n0."), "{line:?}");
    pass(seconds(12)).await;
    let line = stage.lines.one();
    assert!(line.field("error").contains(r"cause\n1."), "{line:?}");
    assert_eq!(line.field("failures"), "10000");
}
