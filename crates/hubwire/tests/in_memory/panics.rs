//! A panic of hub code or of its values ends its own call or stream and nothing else.

use std::fmt;
use std::future::pending;
use std::task::Poll;

use futures_util::{Stream, stream};
use hubwire::testing::{CallError, Received, TestClient};
use hubwire::{HubBuilder, HubCallerContext, HubResult, StreamReader, hub};
use serde_json::{Value, json};
use test_support::bombs::{Bomb, ErrorLines};
use test_support::in_memory::*;
use tokio::time::timeout;

#[derive(Clone)]
struct LastHookPanics;

/// An error that cannot be displayed.
#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("secret")
    }
}

impl std::error::Error for Unspeakable {}

struct PanickingHub {
    log: Log,
}

#[hub]
impl PanickingHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups().add(cx.connection_id(), "everybody").await?;
        self.log.note("connected");
        Ok(())
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>) {
        self.log.note("disconnected");
        assert!(cx.items().get::<LastHookPanics>().is_none(), "secret");
    }

    pub fn let_the_last_hook_panic(&self, cx: &HubCallerContext<Self>) {
        cx.items().insert(LastHookPanics);
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn panic(&self) {
        panic!("secret");
    }

    pub fn panic_with_a_bomb(&self) {
        std::panic::panic_any(Bomb::new("always"));
    }

    pub fn fail_without_words(&self) -> Result<(), Unspeakable> {
        Err(Unspeakable)
    }

    pub fn take(&self, bomb: Bomb) -> usize {
        bomb.0.len()
    }

    pub async fn take_later(&self, bomb: Bomb) -> usize {
        settle().await;
        bomb.0.len()
    }

    pub fn give(&self, text: String) -> Bomb {
        Bomb(text)
    }

    pub async fn give_later(&self, text: String) -> Bomb {
        settle().await;
        Bomb(text)
    }

    pub async fn never_end(&self, bomb: Bomb) {
        self.log.note("never ends");
        pending::<()>().await;
        drop(bomb);
    }

    pub async fn read(&self, mut bombs: StreamReader<Bomb>) -> HubResult<usize> {
        let mut count = 0;
        while let Some(bomb) = bombs.next().await {
            drop(bomb?);
            count += 1;
        }
        Ok(count)
    }

    pub async fn read_none(&self, bombs: StreamReader<Bomb>) {
        settle().await;
        drop(bombs);
    }

    pub async fn read_none_and_panic(&self, _bombs: StreamReader<Bomb>) {
        settle().await;
        panic!("secret");
    }

    pub fn stream(&self, bomb: Bomb) -> impl Stream<Item = Bomb> {
        stream::iter([bomb])
    }

    pub fn stream_three(&self, text: String) -> impl Stream<Item = Bomb> {
        stream::iter([Bomb::new("first"), Bomb(text), Bomb::new("last")])
    }

    pub fn panic_while_streaming(&self) -> impl Stream<Item = i32> {
        stream::poll_fn(|_| panic!("secret"))
    }

    /// A stream without items that keeps the bomb.
    pub fn hold(&self, bomb: Bomb) -> impl Stream<Item = i32> {
        stream::poll_fn(move |_| {
            let _kept = &bomb;
            Poll::Pending
        })
    }

    pub async fn tell_all(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult {
        cx.clients().all().send("Told", (Bomb(text),)).await?;
        Ok(())
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult<bool> {
        let caller = cx.clients().caller();
        Ok(caller.invoke("Ask", (Bomb(text),)).await?)
    }

    /// Keeps two bombs of different types in the connection's items.
    pub fn keep(&self, cx: &HubCallerContext<Self>, text: String) {
        cx.items().insert(Bomb::new(text.clone()));
        cx.items().insert(Some(Bomb(text)));
    }

    pub fn kept(&self, cx: &HubCallerContext<Self>) -> bool {
        cx.items().get::<Bomb>().is_some()
    }
}

/// A server, its log and its error lines.
struct Stage {
    server: TestServer<PanickingHub>,
    log: Log,
    lines: ErrorLines,
}

impl Stage {
    fn new() -> Self {
        Self::with(|options| options.maximum_parallel_streams_per_client(2))
    }

    fn with(configure: impl FnOnce(HubBuilder<PanickingHub>) -> HubBuilder<PanickingHub>) -> Self {
        let log = Log::default();
        let lines = ErrorLines::counted();
        let server = TestServer::with(PanickingHub { log: log.clone() }, configure);
        Self { server, log, lines }
    }

    async fn connect(&self) -> TestClient {
        let client = self.server.connect().await;
        settle().await;
        assert_eq!(self.log.take(), ["connected"]);
        client
    }

    /// Checks that the connection still works, and that its end is complete: hook, counts, broadcasts.
    async fn lives(self, mut client: TestClient, error_lines: usize) {
        assert_eq!(self.lines.take(), error_lines, "error lines");
        let echo = timeout(seconds(1), client.invoke("Echo", ("x",))).await;
        assert_eq!(echo.expect("calls still run"), Ok(json!("x")));
        drop(client);
        self.ends(0).await;
    }

    /// Checks that the connection has ended completely.
    async fn ends(self, error_lines: usize) {
        settle().await;
        assert_eq!(self.log.take(), ["disconnected"]);
        assert_eq!(self.lines.take(), error_lines, "error lines at the end");
        self.broadcasts().await;
        self.server.leaves_nothing_behind().await;
    }

    async fn broadcasts(&self) {
        let mut other = self.server.connect().await;
        let context = self.server.context();
        for number in 0..100 {
            let text = "x".repeat(10 * 1024);
            let all = context.clients().all();
            let sending = async {
                all.send("News", (number, text)).await.unwrap();
            };
            let sent = timeout(seconds(1), sending).await;
            sent.expect("a broadcast does not wait for a client that is gone");
            let push = timeout(seconds(1), other.push()).await;
            assert_eq!(push.expect("it arrives").unwrap().1[0], number);
        }
    }
}

fn failed(target: &str) -> Result<Value, CallError> {
    Err(format!("An unexpected error occurred invoking '{target}' on the server.").into())
}

fn refused(target: &str) -> Result<Value, CallError> {
    Err(format!("Failed to invoke '{target}' due to an error on the server.").into())
}

fn broken_off() -> Result<Value, CallError> {
    Err("An error occurred on the server while streaming results.".into())
}

async fn record(client: &mut TestClient, record: Value) {
    client.send_record(&record).await.unwrap();
}

async fn start_stream(client: &mut TestClient, target: &str, arguments: Value, streams: &[&str]) {
    let call = json!({"type": 4, "invocationId": "s", "target": target,
        "arguments": arguments, "streamIds": streams});
    record(client, call).await;
}

async fn start_upload(client: &mut TestClient, target: &str) {
    let call = json!({"type": 1, "invocationId": "u", "target": target,
        "arguments": [], "streamIds": ["b"]});
    record(client, call).await;
}

async fn item(client: &mut TestClient, text: &str) {
    let item = json!({"type": 2, "invocationId": "b", "item": text});
    record(client, item).await;
}

/// Checks that a call with one argument ends as expected and with one error line.
async fn assert_call(target: &str, text: &str, expected: Result<Value, CallError>) {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    let completion = timeout(seconds(1), client.invoke(target, (text,))).await;
    let completion = completion.expect("a completion arrives");
    assert_eq!(completion, expected, "{target} {text}");
    stage.lives(client, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_method_that_panics() {
    for target in ["Panic", "PanicWithABomb"] {
        let stage = Stage::new();
        let mut client = stage.connect().await;
        let completion = timeout(seconds(1), client.invoke(target, ())).await;
        let completion = completion.expect("a completion arrives");
        assert_eq!(completion, failed(target));
        stage.lives(client, 1).await;
    }
}

/// There is one line for the error itself and one for the panic.
#[tokio::test(start_paused = true)]
async fn an_error_that_panics_while_it_is_displayed() {
    let stage = Stage::with(|options| options.detailed_errors(true));
    let mut client = stage.connect().await;
    let completion = timeout(seconds(1), client.invoke("FailWithoutWords", ())).await;
    let completion = completion.expect("a completion arrives");
    assert_eq!(completion, failed("FailWithoutWords"));
    stage.lives(client, 2).await;
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_panics_while_it_is_decoded() {
    assert_call("Take", "decode", refused("Take")).await;
    assert_call("Stream", "decode", refused("Stream")).await;
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_panics_while_it_is_dropped() {
    assert_call("Take", "drop", failed("Take")).await;
    assert_call("TakeLater", "drop", failed("TakeLater")).await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_panics_while_it_is_encoded() {
    assert_call("Give", "encode", failed("Give")).await;
    assert_call("GiveLater", "encode", failed("GiveLater")).await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_panics_while_it_is_dropped() {
    assert_call("Give", "drop", failed("Give")).await;
    assert_call("GiveLater", "drop", failed("GiveLater")).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_to_clients_that_panics_while_it_is_encoded() {
    for target in ["TellAll", "Ask"] {
        assert_call(target, "encode", failed(target)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_a_call_of_the_wrong_kind_that_panics_while_it_is_dropped() {
    let not_streaming = "The client attempted to invoke the non-streaming 'Take' method with a streaming invocation.";
    let streaming = "The client attempted to invoke the streaming 'Stream' method with a non-streaming invocation.";
    let kinds = [(4, "Take", not_streaming), (1, "Stream", streaming)];
    for (kind, target, text) in kinds {
        let stage = Stage::new();
        let mut client = stage.connect().await;
        let call =
            json!({"type": kind, "invocationId": "1", "target": target, "arguments": ["drop"]});
        record(&mut client, call).await;
        let completion = timeout(seconds(1), client.completion("1")).await;
        let completion = completion.expect("a completion arrives");
        assert_eq!(completion, Err(text.into()));
        stage.lives(client, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_a_call_with_the_wrong_streams_that_panics_while_it_is_dropped() {
    for (kind, target) in [(1, "Take"), (4, "Stream")] {
        let stage = Stage::new();
        let mut client = stage.connect().await;
        let call = json!({"type": kind, "invocationId": "1", "target": target,
            "arguments": ["drop"], "streamIds": ["b"]});
        record(&mut client, call).await;
        let completion = timeout(seconds(1), client.completion("1")).await;
        let text = "Client sent 1 stream(s), Hub method expects 0.";
        let completion = completion.expect("a completion arrives");
        assert!(completion.unwrap_err().text().ends_with(text));
        stage.lives(client, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_a_stream_beyond_the_limit_that_panics_while_it_is_dropped() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    for (id, text) in [("1", "a"), ("2", "b"), ("3", "drop")] {
        let call = json!({"type": 4, "invocationId": id, "target": "Hold", "arguments": [text]});
        record(&mut client, call).await;
    }
    let completion = timeout(seconds(1), client.completion("3")).await;
    let completion = completion.expect("a completion arrives");
    assert!(completion.unwrap_err().text().contains("at most 2 streams"));
    stage.lives(client, 1).await;
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_a_call_that_waits_at_the_end() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    client.start("NeverEnd", ("",)).await.unwrap();
    client.start("Take", ("drop",)).await.unwrap();
    settle().await;
    assert_eq!(stage.log.take(), ["never ends"]);
    drop(client);
    // Calls sent before the end may still run, for as long as a client may be silent.
    pass(seconds(32)).await;
    assert_eq!(stage.log.take(), ["disconnected"]);
    assert_eq!(stage.lines.take(), 1);
    stage.broadcasts().await;
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_a_method_that_the_shutdown_drops() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    client.start("NeverEnd", ("drop",)).await.unwrap();
    settle().await;
    drop(client);
    settle().await;
    assert_eq!(stage.log.take(), ["never ends", "disconnected"]);
    stage.server.signalr.shutdown().await;
    assert_eq!(stage.lines.take(), 1);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_item_of_a_client_that_panics_while_it_is_decoded() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    start_upload(&mut client, "Read").await;
    item(&mut client, "good").await;
    item(&mut client, "decode").await;
    let completion = timeout(seconds(1), client.completion("u")).await;
    let completion = completion.expect("a completion arrives");
    assert_eq!(completion, failed("Read"));
    stage.lives(client, 2).await;
}

#[tokio::test(start_paused = true)]
async fn an_item_of_a_client_that_panics_while_the_method_drops_it() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    start_upload(&mut client, "Read").await;
    item(&mut client, "drop").await;
    let completion = timeout(seconds(1), client.completion("u")).await;
    let completion = completion.expect("a completion arrives");
    assert_eq!(completion, failed("Read"));
    stage.lives(client, 1).await;
}

/// Each item is dropped, and the panics end the call, unless it is already unwinding. The panics of
/// one place are one line.
#[tokio::test(start_paused = true)]
async fn items_of_a_client_that_panic_where_nobody_has_read_them() {
    for (target, lines) in [("ReadNone", 2), ("ReadNoneAndPanic", 2)] {
        let stage = Stage::new();
        let mut client = stage.connect().await;
        start_upload(&mut client, target).await;
        for text in ["always", "good", "always"] {
            item(&mut client, text).await;
        }
        let completion = timeout(seconds(1), client.completion("u")).await;
        let completion = completion.expect("a completion arrives");
        assert_eq!(completion, failed(target));
        stage.lives(client, lines).await;
    }
}

/// Checks what a stream sends if its second item panics in this way.
async fn assert_stream_breaks_off(text: &str) {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    start_stream(&mut client, "StreamThree", json!([text]), &[]).await;
    let completion = timeout(seconds(1), client.completion("s")).await;
    let completion = completion.expect("a completion arrives");
    assert_eq!(completion, broken_off());
    let first = json!({"type": 2, "invocationId": "s", "item": "first"});
    assert_eq!(message(&mut client).await, first);
    if text == "drop" {
        let second = json!({"type": 2, "invocationId": "s", "item": "drop"});
        assert_eq!(message(&mut client).await, second);
    }
    stage.lives(client, 1).await;
}

#[tokio::test(start_paused = true)]
async fn an_item_of_a_stream_that_panics_while_it_is_encoded() {
    assert_stream_breaks_off("encode").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_of_a_stream_that_panics_while_it_is_dropped() {
    assert_stream_breaks_off("drop").await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_while_it_is_polled() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    start_stream(&mut client, "PanicWhileStreaming", json!([]), &[]).await;
    let completion = timeout(seconds(1), client.completion("s")).await;
    let completion = completion.expect("a completion arrives");
    assert_eq!(completion, broken_off());
    stage.lives(client, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_while_its_cancel_drops_it() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    start_stream(&mut client, "Hold", json!(["drop"]), &[]).await;
    settle().await;
    record(&mut client, json!({"type": 5, "invocationId": "s"})).await;
    let completion = timeout(seconds(1), client.completion("s")).await;
    let completion = completion.expect("a completion arrives");
    assert_eq!(completion, Ok(Value::Null));
    stage.lives(client, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_while_the_end_drops_it() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    start_stream(&mut client, "Hold", json!(["drop"]), &[]).await;
    settle().await;
    drop(client);
    stage.ends(1).await;
}

#[tokio::test(start_paused = true)]
async fn the_last_hook() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    let told = client.invoke("LetTheLastHookPanic", ()).await;
    assert_eq!(told, Ok(Value::Null));
    record(&mut client, json!({"type": 7})).await;
    assert_eq!(message(&mut client).await, json!({"type": 7}));
    assert_eq!(next(&mut client).await, Received::Closed(Some(1011)));
    drop(client);
    stage.ends(1).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_connection_keeps() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    let kept = client.invoke("Keep", ("drop",)).await;
    assert_eq!(kept, Ok(Value::Null));
    drop(client);
    // Two panics of one place.
    stage.ends(1).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_connection_keeps_while_it_is_copied() {
    let stage = Stage::new();
    let mut client = stage.connect().await;
    let kept = client.invoke("Keep", ("clone",)).await;
    assert_eq!(kept, Ok(Value::Null));
    let completion = client.invoke("Kept", ()).await;
    assert_eq!(completion, failed("Kept"));
    stage.lives(client, 1).await;
}
