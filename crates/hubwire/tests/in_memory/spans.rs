//! The spans of calls and hooks: one for each, with stable names and fields, ended once however the call ends.

use std::future::pending;

use futures_util::{Stream, StreamExt, stream};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::testing::TestClient;
use hubwire::{CancellationToken, DisconnectReason, HubError, HubResult, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::packed::PackedClient;
use test_support::spans::{Seen, Spans};
use tracing::Level;

/// Writes a line when it is dropped.
struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        tracing::info!("dropped");
    }
}

struct TracedHub {
    gate: Gate,
}

#[hub]
impl TracedHub {
    async fn on_connected(&self) {
        tracing::info!("a client");
        settle().await;
        tracing::info!("is there");
    }

    async fn on_disconnected(&self, _: &DisconnectReason) -> HubResult {
        tracing::info!("is gone");
        Err(HubError::hidden("no farewell"))
    }

    pub fn say(&self, text: String) -> String {
        tracing::info!("said");
        text
    }

    pub async fn wait(&self) {
        tracing::info!("begins");
        self.gate.passed().await;
        tracing::info!("ends");
    }

    pub async fn hang(&self, _cancel: CancellationToken) {
        let _farewell = Farewell;
        pending().await
    }

    pub fn refuse(&self) -> HubResult {
        Err(HubError::new("not today"))
    }

    pub async fn fail(&self) -> HubResult<u8> {
        settle().await;
        Ok("x".parse()?)
    }

    pub async fn panic(&self) {
        settle().await;
        panic!("at the disk");
    }

    pub fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        tracing::info!("counts");
        let gate = self.gate.clone();
        stream::iter(0..to).then(move |count| {
            let gate = gate.clone();
            async move {
                gate.passed().await;
                tracing::info!("{count}");
                count
            }
        })
    }

    pub fn break_off(&self) -> impl Stream<Item = HubResult<u32>> + use<> {
        stream::iter([Ok(1), Err(HubError::new("broken"))])
    }

    pub fn explode(&self) -> impl Stream<Item = u32> + use<> {
        stream::iter(0.."no number".parse().unwrap())
    }
}

struct Stage {
    spans: Spans,
    server: TestServer<TracedHub>,
    gate: Gate,
    client: TestClient,
}

impl Stage {
    async fn new() -> Self {
        let spans = Spans::collect(Level::INFO);
        let gate = Gate::closed();
        let server = TestServer::new(TracedHub { gate: gate.clone() });
        let client = server.connect().await;
        pass(seconds(1)).await;
        Self {
            spans,
            server,
            gate,
            client,
        }
    }

    async fn send(&mut self, record: Value) {
        self.client.send_record(&record).await.unwrap();
        settle().await;
    }

    async fn call(&mut self, target: &str) {
        self.send(json!({"type": 1, "invocationId": "1", "target": target, "arguments": []}))
            .await;
        pass(seconds(1)).await;
    }

    async fn stream(&mut self, target: &str, arguments: Value) {
        self.send(
            json!({"type": 4, "invocationId": "1", "target": target, "arguments": arguments}),
        )
        .await;
    }

    /// Returns the only span of a call, which must have ended once.
    #[track_caller]
    fn ended(&self) -> Seen {
        let span = self.spans.one("invocation");
        assert_eq!(span.ends, 1, "{span:#?}");
        span
    }

    #[track_caller]
    fn open(&self) -> Seen {
        let span = self.spans.one("invocation");
        assert_eq!(span.ends, 0, "{span:#?}");
        span
    }
}

/// Checks the type of the error of a failed call.
#[track_caller]
fn assert_failed(span: &Seen, error_type: &str) {
    let status = (span.field("error.type"), span.field("otel.status_code"));
    assert_eq!(status, (error_type, "ERROR"), "{span:#?}");
}

#[track_caller]
fn assert_succeeded(span: &Seen) {
    let status = (span.field("error.type"), span.field("otel.status_code"));
    assert_eq!(status, ("", ""), "{span:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_has_one_span_with_the_fields_of_its_conventions() {
    let mut stage = Stage::new().await;
    stage
        .send(json!({"type": 1, "invocationId": "1", "target": "sAY", "arguments": ["secret"]}))
        .await;
    let span = stage.ended();
    let connection_id = stage.client.connection_id().to_string();
    let expected = [
        ("connection_id", connection_id.as_str()),
        ("otel.kind", "server"),
        ("otel.name", "TracedHub/Say"),
        ("rpc.method", "Say"),
        ("rpc.service", "TracedHub"),
        ("rpc.system", "signalr"),
    ];
    let fields = span.fields.iter().map(|(name, value)| (*name, &**value));
    assert!(fields.eq(expected), "{span:#?}");
    let metadata = span.metadata;
    assert_eq!(metadata.target(), "hubwire::invocation");
    assert_eq!(*metadata.level(), Level::INFO);
    assert_eq!(span.parent, None);
    assert_eq!(span.follows_from, ["connection"]);
    assert_eq!(span.lines, ["said"]);
}

#[tokio::test(start_paused = true)]
async fn hooks_are_children_of_the_connection() {
    let mut stage = Stage::new().await;
    stage.client.close().await.unwrap();
    pass(seconds(1)).await;
    let connection = stage.spans.one("connection");
    assert_eq!((connection.parent, connection.ends), (None, 1));
    assert_eq!(connection.metadata.target(), "hubwire::connection");
    let [connected, disconnected] = &*stage.spans.named("hook") else {
        panic!("two hooks have run");
    };
    for (span, name) in [
        (connected, "OnConnectedAsync"),
        (disconnected, "OnDisconnectedAsync"),
    ] {
        assert_eq!((span.parent, span.ends), (Some("connection"), 1));
        assert_eq!(span.field("otel.name"), format!("TracedHub/{name}"));
        assert_eq!(span.field("rpc.method"), name);
        assert_eq!(span.field("otel.kind"), "internal");
        assert_eq!(span.metadata.target(), "hubwire::invocation");
        assert!(span.follows_from.is_empty());
    }
    assert_eq!(connected.lines, ["a client", "is there"]);
    assert_succeeded(connected);
    assert_eq!(disconnected.lines, ["is gone"]);
    assert_failed(disconnected, "Error");
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_span_is_entered_only_while_its_call_is_polled() {
    let mut stage = Stage::new().await;
    stage.call("Wait").await;
    assert_eq!(stage.open().lines, ["begins"]);
    tracing::info!("elsewhere");
    stage.gate.open(1);
    settle().await;
    assert_eq!(stage.ended().lines, ["begins", "ends"]);
    assert_eq!(stage.spans.lines_outside(), ["elsewhere"]);
}

#[tokio::test(start_paused = true)]
async fn the_span_of_a_call_that_waits_for_its_slot_begins_with_the_call() {
    let mut stage = Stage::new().await;
    stage.call("Wait").await;
    stage.call("Refuse").await;
    assert_eq!(stage.open().field("rpc.method"), "Wait");
    stage.gate.open(1);
    settle().await;
    let spans = stage.spans.named("invocation");
    let methods: Vec<_> = spans.iter().map(|span| span.field("rpc.method")).collect();
    assert_eq!(methods, ["Wait", "Refuse"]);
    assert!(spans.iter().all(|span| span.ends == 1));
}

#[tokio::test(start_paused = true)]
async fn failures_name_the_type_of_the_error_and_never_its_text() {
    for (method, error_type) in [
        ("Refuse", "HubException"),
        ("Fail", "ParseIntError"),
        ("Panic", "Panic"),
    ] {
        let mut stage = Stage::new().await;
        stage.call(method).await;
        let span = stage.ended();
        assert_failed(&span, error_type);
        assert_eq!(span.fields.len(), 8, "{span:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_reaches_no_method_has_no_span() {
    let mut stage = Stage::new().await;
    stage.call("Unknown\nmethod").await;
    stage.call("Say").await;
    stage.call("Count").await;
    stage.stream("Say", json!(["a"])).await;
    stage.stream("Count", json!(["a"])).await;
    stage.call("Refuse").await;
    assert_eq!(stage.ended().field("rpc.method"), "Refuse");
}

#[tokio::test(start_paused = true)]
async fn the_span_of_a_stream_lasts_until_the_stream_ends() {
    let mut stage = Stage::new().await;
    stage.stream("Count", json!([2])).await;
    assert_eq!(stage.open().lines, ["counts"]);
    stage.gate.open(1);
    settle().await;
    assert_eq!(stage.open().lines, ["counts", "0"]);
    stage.gate.open(1);
    settle().await;
    let span = stage.ended();
    assert_eq!(span.lines, ["counts", "0", "1"]);
    assert_eq!(span.field("otel.name"), "TracedHub/Count");
    assert_eq!(span.follows_from, ["connection"]);
    assert_succeeded(&span);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_stream_is_no_failure() {
    let mut stage = Stage::new().await;
    stage.stream("Count", json!([2])).await;
    stage.send(json!({"type": 5, "invocationId": "1"})).await;
    assert_succeeded(&stage.ended());
}

#[tokio::test(start_paused = true)]
async fn streams_that_fail_name_the_type_of_the_error() {
    for (method, error_type) in [("BreakOff", "HubException"), ("Explode", "Panic")] {
        let mut stage = Stage::new().await;
        stage.stream(method, json!([])).await;
        assert_failed(&stage.ended(), error_type);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_client() {
    let mut stage = Stage::new().await;
    stage.stream("Count", json!([2])).await;
    stage.client.close().await.unwrap();
    pass(seconds(1)).await;
    assert_succeeded(&stage.ended());
}

#[tokio::test(start_paused = true)]
async fn the_span_of_a_call_outlives_its_connection_with_the_call() {
    let mut stage = Stage::new().await;
    stage.call("Wait").await;
    stage.client.close().await.unwrap();
    pass(seconds(1)).await;
    assert_eq!(stage.spans.one("connection").ends, 1);
    assert_eq!(stage.open().lines, ["begins"]);
    stage.gate.open(1);
    pass(seconds(1)).await;
    assert_eq!(stage.ended().lines, ["begins", "ends"]);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_polled_again_ends_and_is_dropped_in_its_span() {
    let mut stage = Stage::new().await;
    stage.call("Hang").await;
    assert!(stage.open().lines.is_empty());
    stage.server.signalr.shutdown().await;
    let span = stage.ended();
    assert_eq!(span.lines, ["dropped"]);
    assert_succeeded(&span);
}

/// Returns another value in place of an error, and the other way round.
struct Contrary;

impl HubFilter for Contrary {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let lines = invocation.headers().get("lines").unwrap_or("none");
        tracing::info!("{} headers, lines: {lines}", invocation.headers().len());
        match next.run(invocation).await {
            Ok(_) => Err(HubError::new("no")),
            Err(_) => invocation.result(&"yes"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn filters_run_in_the_span_and_decide_how_it_ends() {
    let spans = Spans::collect(Level::INFO);
    let hub = TracedHub {
        gate: Gate::closed(),
    };
    let server = TestServer::with(hub, |options| options.filter(Contrary));
    let mut client = server.connect().await;
    let mut packed = PackedClient::handshaken(server.open()).await.unwrap();
    let headers = json!({"lines": "many", "other": "x"});
    let say = json!({"type": 1, "invocationId": "1", "target": "Say", "arguments": ["a"]});
    let fail = json!({"type": 1, "invocationId": "2", "headers": headers, "target": "Fail", "arguments": []});
    client.send_record(&say).await.unwrap();
    pass(seconds(1)).await;
    client.send_record(&fail).await.unwrap();
    packed.send_record(&fail).await.unwrap();
    pass(seconds(1)).await;
    let [said, failed, packed] = &*spans.named("invocation") else {
        panic!("three calls have run");
    };
    assert_eq!(said.lines, ["0 headers, lines: none", "said"]);
    assert_failed(said, "HubException");
    for span in [failed, packed] {
        assert_eq!(span.lines, ["2 headers, lines: many"]);
        assert_succeeded(span);
        assert_eq!(span.ends, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_default_level_there_are_no_spans() {
    let spans = Spans::collect(Level::WARN);
    let gate = Gate::closed();
    let server = TestServer::new(TracedHub { gate });
    let mut client = server.connect().await;
    client.send("Say", ("a",)).await.unwrap();
    settle().await;
    for name in ["connection", "hook", "invocation"] {
        assert!(spans.named(name).is_empty(), "{name}");
    }
}
