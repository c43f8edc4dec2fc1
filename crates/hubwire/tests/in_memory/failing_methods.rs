//! The log of methods that fail repeatedly: one line in ten seconds, with a count and a cause.

use std::fmt::{self, Write};
use std::io;
use std::sync::{Arc, Mutex};

use futures_util::{Stream, stream};
use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubResult, StreamReader, hub};
use serde_json::json;
use test_support::bombs::Bomb;
use test_support::each_event::EachEvent;
use test_support::in_memory::*;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level};

/// The error lines that this thread logs, each with its fields.
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

impl Lines {
    fn written() -> Self {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let written = Arc::clone(&lines);
        let subscriber = EachEvent {
            level: Level::ERROR,
            hand_on: move |event: &Event<'_>| {
                let mut fields = Fields(String::new());
                event.record(&mut fields);
                written.lock().unwrap().push(fields.0);
            },
        };
        Self {
            _guard: subscriber.listen(),
            lines,
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

/// Concatenates the fields of a line.
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, "{}={value} ", field.name()).unwrap();
    }
}

struct FailingHub;

#[hub]
impl FailingHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        match cx.user_id() {
            Some(_) => Err(io::Error::other("not you").into()),
            None => Ok(()),
        }
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn fail(&self, cause: String) -> HubResult {
        Err(io::Error::other(cause).into())
    }

    pub fn panic(&self, cause: String) {
        panic!("{cause}");
    }

    pub fn take(&self, _bomb: Bomb) {}

    pub fn stream(&self, cause: String) -> impl Stream<Item = HubResult<i32>> {
        stream::iter([Err(io::Error::other(cause).into())])
    }

    pub async fn read(&self, mut bombs: StreamReader<Bomb>) {
        while let Some(Ok(_)) = bombs.next().await {}
    }
}

struct Stage {
    lines: Lines,
    server: TestServer<FailingHub>,
    client: TestClient,
}

impl Stage {
    async fn new() -> Self {
        let lines = Lines::written();
        let server = TestServer::new(FailingHub);
        let client = server.connect().await;
        Self {
            lines,
            server,
            client,
        }
    }

    async fn fails(&mut self, target: &str, argument: &str) {
        self.client.invoke(target, (argument,)).await.unwrap_err();
    }
}

/// Asserts that there is exactly one line with all these parts.
#[track_caller]
fn assert_line(lines: &[String], parts: &[&str]) {
    let [line] = lines else {
        panic!("one line about {parts:?}, not {lines:#?}");
    };
    for part in parts {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_that_fails_in_a_loop_is_logged_once_in_ten_seconds_with_its_first_cause() {
    for target in ["Fail", "Panic"] {
        let mut stage = Stage::new().await;
        let method = format!("method={target} ");
        for number in 0..200 {
            stage.fails(target, &format!("cause {number}.")).await;
        }
        let lines = stage.lines.take();
        assert_line(&lines, &[&method, "failures=1 ", "cause 0."]);
        // The sweep logs the rest, with the first cause of these failures.
        pass(seconds(12)).await;
        let lines = stage.lines.take();
        assert_line(&lines, &[&method, "failures=200 ", "cause 1."]);
        pass(seconds(60)).await;
        assert_eq!(stage.lines.take(), [""; 0]);
        stage.fails(target, "cause later.").await;
        let lines = stage.lines.take();
        assert_line(&lines, &[&method, "failures=201 ", "cause later."]);
        drop(stage.client);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_method_has_its_own_lines() {
    let mut stage = Stage::new().await;
    for _ in 0..10 {
        stage.fails("Fail", "cause").await;
        stage.fails("Panic", "cause").await;
    }
    let lines = stage.lines.take();
    assert_line(&lines[..1], &["method=Fail "]);
    assert_line(&lines[1..], &["method=Panic "]);
}

#[tokio::test(start_paused = true)]
async fn failing_arguments_and_streams_do_not_fill_the_log() {
    let mut stage = Stage::new().await;
    for _ in 0..100 {
        stage.fails("Take", "decode").await;
    }
    assert_line(&stage.lines.take(), &["method=Take ", "secret"]);

    for number in 0..100 {
        let call = json!({"type": 4, "invocationId": number.to_string(), "target": "Stream",
            "arguments": ["broken"]});
        stage.client.send_record(&call).await.unwrap();
    }
    settle().await;
    assert_line(&stage.lines.take(), &["method=Stream ", "broken"]);

    for _ in 0..100 {
        let call = json!({"type": 1, "invocationId": "u", "target": "Read", "arguments": [],
            "streamIds": ["b"]});
        stage.client.send_record(&call).await.unwrap();
        let item = json!({"type": 2, "invocationId": "b", "item": "decode"});
        stage.client.send_record(&item).await.unwrap();
    }
    settle().await;
    assert_line(&stage.lines.take(), &["secret"]);
    let echo = stage.client.invoke("Echo", ("x",)).await;
    assert_eq!(echo, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn failing_hooks_do_not_fill_the_log() {
    let stage = Stage::new().await;
    for _ in 0..100 {
        drop(stage.server.connect_as("somebody").await);
        settle().await;
    }
    let lines = stage.lines.take();
    assert_line(&lines, &["hook=on_connected ", "not you"]);
}
