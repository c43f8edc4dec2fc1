//! The log at its default level for failed calls without an id: one line for each reason, without values.

use futures_util::{Stream, stream};
use hubwire::testing::TestClient;
use hubwire::{HubError, HubResult, StreamReader, hub};
use serde::Deserialize;
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::{LogLine, LogLines};
use tracing::Level;

/// A value that clients send, and that no line may contain.
const VALUE: &str = "hunter2";

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
    /// Collects lines at the level of a program without a filter.
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

    /// Returns the only new line, which must belong to a connection of the hub.
    #[track_caller]
    fn line(&self) -> LogLine {
        let line = self.lines.one_of_a_connection("OrderHub");
        assert!(!format!("{line:?}").contains(VALUE), "{line:?}");
        line
    }
}

fn call(target: &str, arguments: &Value) -> Value {
    json!({"type": 1, "target": target, "arguments": arguments})
}

/// Calls without an id that fail, each with the parts of its line.
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
async fn a_failed_call_without_an_id_is_one_warning() {
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
        let flood = 2_000;
        for number in 0..flood {
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
        assert_eq!(line.field("since_last_line"), (flood - 1).to_string());
        pass(seconds(20)).await;
        assert_eq!(stage.lines.take(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn all_unknown_methods_are_one_reason() {
    let mut stage = Stage::new().await;
    for number in 0..10_000 {
        stage
            .send(call(&format!("Guess{number}"), &json!([])))
            .await;
    }
    settle().await;
    let line = stage.line();
    assert_eq!(line.field("method"), "Guess0");
    assert_eq!(line.field("detail"), "", "no name is near");
    pass(seconds(11)).await;
    let line = stage.line();
    assert_eq!(line.field("method"), "Guess1");
    assert_eq!(line.field("since_last_line"), "9999");
    // The other names are not kept.
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
async fn a_call_with_an_id_is_a_warning_only_if_its_client_is_not_told_why() {
    for (detailed, warned) in [(false, 2), (true, 0)] {
        let lines = LogLines::written(Level::WARN);
        let server = TestServer::with(OrderHub, |hub| hub.detailed_errors(detailed));
        let mut client = server.connect().await;
        for (number, (records, ..)) in vanishing().into_iter().enumerate() {
            if let [record] = &*records {
                let mut record = record.clone();
                let id = number.to_string();
                record["invocationId"] = json!(id);
                client.send_record(&record).await.unwrap();
                client.completion(&id).await.unwrap_err();
            }
        }
        let lines = lines.take();
        assert_eq!(lines.len(), warned, "{lines:#?}");
        for line in lines {
            assert!(
                line.message.contains("its client is not told why"),
                "{line:?}"
            );
            assert!(line.message.contains("argument"), "{line:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_failure_is_logged_at_debug_without_a_value() {
    let lines = LogLines::written(Level::DEBUG);
    let server = TestServer::new(OrderHub);
    let mut client = server.connect().await;
    for (records, message, ..) in vanishing() {
        for id in [None, Some("7")] {
            lines.take();
            for mut record in records.clone() {
                if let Some(id) = id
                    && record["type"] == 1
                {
                    record["invocationId"] = json!(id);
                }
                client.send_record(&record).await.unwrap();
            }
            settle().await;
            let line = lines.one_of_a_connection("OrderHub");
            assert!(line.message.contains(message), "{line:?}");
            assert!(!format!("{line:?}").contains(VALUE), "{line:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_refuses_names_the_first_connection_that_hit_it() {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::with(OrderHub, |hub| hub.maximum_parallel_streams_per_client(1));
    let mut client = server.connect().await;
    for id in ["1", "2"] {
        let record = json!({"type": 1, "invocationId": id, "target": "Read", "arguments": [], "streamIds": [id]});
        client.send_record(&record).await.unwrap();
    }
    client.completion("2").await.unwrap_err();
    pass(seconds(2)).await;
    let line = lines.one_of_a_connection("OrderHub");
    assert_eq!(line.target, "hubwire::limits");
    assert_eq!(line.field("limit"), "maximum_parallel_streams_per_client");
    assert_eq!(line.field("hits"), "1");
}

#[tokio::test(start_paused = true)]
async fn one_call_too_many_that_nobody_hears_of_is_one_warning() {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::with(OrderHub, |hub| hub.maximum_running_calls_per_client(1));
    let mut client = server.connect().await;
    for id in ["1", "2"] {
        let record = json!({"type": 1, "target": "Read", "arguments": [], "streamIds": [id]});
        client.send_record(&record).await.unwrap();
    }
    settle().await;
    let line = lines.one_of_a_connection("OrderHub");
    assert_eq!(line.level, Level::WARN);
    assert_eq!(line.target, "hubwire::dispatch");
    assert!(line.message.contains("too many calls"), "{line:?}");
    assert_eq!(line.field("method"), "Read");
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
