//! Streams to the client: items, ends, cancellation, back-pressure, bounds.

use futures_util::{Stream, StreamExt, stream};
use hubwire::testing::{Received, TestClient};
use hubwire::{CancellationToken, HubError, HubResult, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;

const PAGE: usize = 64 * 1024;

struct StreamsHub {
    gate: Gate,
    log: Log,
}

/// Notes that it was dropped.
struct Watch {
    log: Log,
    what: &'static str,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.log.note(format!("{} dropped", self.what));
    }
}

#[hub]
impl StreamsHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn wait(&self) {
        self.gate.passed().await;
    }

    pub fn count(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }

    /// A stream with an item for each opening of the gate, which borrows from the hub.
    pub fn gated(&self) -> impl Stream<Item = u32> {
        let watch = Watch {
            log: self.log.clone(),
            what: "gated",
        };
        stream::unfold((0, watch), move |(number, watch)| async move {
            self.gate.passed().await;
            Some((number, (number + 1, watch)))
        })
    }

    pub fn until_cancelled(&self, cancel: CancellationToken) -> impl Stream<Item = u32> {
        let log = self.log.clone();
        stream::unfold(0, move |number| {
            let (cancel, log) = (cancel.clone(), log.clone());
            async move {
                match number {
                    0 => {
                        cancel.cancelled().await;
                        log.note("cancelled");
                        Some((0, 1))
                    }
                    1 => {
                        settle().await;
                        log.note("cleaned up");
                        None
                    }
                    _ => None,
                }
            }
        })
    }

    pub fn pages(&self) -> impl Stream<Item = String> {
        let log = self.log.clone();
        stream::iter(0..).map(move |number: usize| {
            log.note(number.to_string());
            "x".repeat(PAGE)
        })
    }

    pub fn breaks(&self, after: u32, shown: bool) -> impl Stream<Item = HubResult<u32>> {
        let error = match shown {
            true => HubError::new("too far"),
            false => HubError::hidden("a secret"),
        };
        let items = stream::iter(0..after).map(Ok);
        items.chain(stream::once(std::future::ready(Err(error))))
    }

    pub async fn refuses(&self) -> HubResult<impl Stream<Item = u32>> {
        Err::<stream::Empty<u32>, _>(HubError::new("no stream for you"))
    }

    pub fn panics(&self, after: u32) -> impl Stream<Item = u32> {
        stream::iter(0..).map(move |number| {
            assert!(number < after, "over");
            number
        })
    }
}

struct Stage {
    server: TestServer<StreamsHub>,
    gate: Gate,
    log: Log,
}

impl Stage {
    fn new() -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = StreamsHub {
            gate: gate.clone(),
            log: log.clone(),
        };
        let server = TestServer::with(hub, |options| {
            options.maximum_parallel_streams_per_client(5)
        });
        Self { server, gate, log }
    }
}

async fn stream_of(client: &mut TestClient, id: &str, target: &str, arguments: Value) {
    let record = json!({"type": 4, "invocationId": id, "target": target, "arguments": arguments});
    client.send_record(&record).await.unwrap();
}

async fn cancel(client: &mut TestClient, id: &str) {
    let record = json!({"type": 5, "invocationId": id});
    client.send_record(&record).await.unwrap();
}

fn item(id: &str, item: impl Into<Value>) -> Value {
    json!({"type": 2, "invocationId": id, "item": item.into()})
}

fn end(id: &str) -> Value {
    json!({"type": 3, "invocationId": id})
}

fn failed(id: &str, error: &str) -> Value {
    json!({"type": 3, "invocationId": id, "error": error})
}

async fn assert_hears(client: &mut TestClient, expected: impl IntoIterator<Item = Value>) {
    for expected in expected {
        assert_eq!(message(client).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn items_come_in_order_and_then_one_end_without_a_result() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    for count in [0, 1, 3, 200] {
        stream_of(&mut ada, "a", "Count", json!([count])).await;
        assert_hears(&mut ada, (0..count).map(|number| item("a", number))).await;
        assert_hears(&mut ada, [end("a")]).await;
    }
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn errors_before_and_during_a_stream_read_differently() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let invoking = "An unexpected error occurred invoking";
    let streaming = "An error occurred on the server while streaming results.";
    stream_of(&mut ada, "1", "Refuses", json!([])).await;
    let text = format!("{invoking} 'Refuses' on the server. HubException: no stream for you");
    assert_hears(&mut ada, [failed("1", &text)]).await;
    stream_of(&mut ada, "2", "Breaks", json!([1, false])).await;
    assert_hears(&mut ada, [item("2", 0), failed("2", streaming)]).await;
    stream_of(&mut ada, "3", "Breaks", json!([1, true])).await;
    let text = format!("{streaming} HubException: too far");
    assert_hears(&mut ada, [item("3", 0), failed("3", &text)]).await;
    stream_of(&mut ada, "4", "Panics", json!([1])).await;
    assert_hears(&mut ada, [item("4", 0), failed("4", streaming)]).await;
    assert_eq!(ada.invoke("Echo", ("still",)).await, Ok(json!("still")));
}

#[tokio::test(start_paused = true)]
async fn the_wrong_kind_of_call_is_refused_by_name() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "1", "eCHO", json!(["x"])).await;
    let text = "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.";
    assert_hears(&mut ada, [failed("1", text)]).await;
    let text = "The client attempted to invoke the streaming 'Count' method with a non-streaming invocation.";
    assert_eq!(ada.invoke("count", (3,)).await, Err(text.into()));
}

#[tokio::test(start_paused = true)]
async fn a_stream_takes_no_slot_and_waits_for_none() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    ada.send("Wait", ()).await.unwrap();
    stream_of(&mut ada, "s", "Count", json!([2])).await;
    assert_hears(&mut ada, [item("s", 0), item("s", 1), end("s")]).await;
    stage.gate.open(1);
    stream_of(&mut ada, "g", "Gated", json!([])).await;
    settle().await;
    assert_eq!(ada.invoke("Echo", ("beside",)).await, Ok(json!("beside")));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_stream_without_a_token_is_dropped_and_completed() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "g", "Gated", json!([])).await;
    stage.gate.open(1);
    assert_hears(&mut ada, [item("g", 0)]).await;
    cancel(&mut ada, "g").await;
    assert_hears(&mut ada, [end("g")]).await;
    assert_eq!(stage.log.take(), ["gated dropped"]);
    stage.gate.open(1);
    assert_silent(&mut ada, seconds(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_stream_with_a_token_runs_to_its_end_without_sending() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "u", "UntilCancelled", json!([])).await;
    settle().await;
    cancel(&mut ada, "u").await;
    assert_hears(&mut ada, [end("u")]).await;
    assert_eq!(stage.log.take(), ["cancelled", "cleaned up"]);
    assert_silent(&mut ada, seconds(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_of_nothing_is_ignored() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    cancel(&mut ada, "none").await;
    assert_eq!(ada.invoke("Echo", ("still",)).await, Ok(json!("still")));
    cancel(&mut ada, "1").await;
    assert_eq!(ada.invoke("Echo", ("still",)).await, Ok(json!("still")));
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused_and_can_be_used_again_after_the_end() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "g", "Gated", json!([])).await;
    // Every further call is refused; ASP.NET Core runs the third.
    for _ in 0..3 {
        stream_of(&mut ada, "g", "Count", json!([1])).await;
        let refused = failed("g", "Invocation ID 'g' is already in use.");
        assert_hears(&mut ada, [refused]).await;
    }
    stage.gate.open(1);
    assert_hears(&mut ada, [item("g", 0)]).await;
    cancel(&mut ada, "g").await;
    assert_hears(&mut ada, [end("g")]).await;
    stream_of(&mut ada, "g", "Count", json!([1])).await;
    assert_hears(&mut ada, [item("g", 0), end("g")]).await;
}

#[tokio::test(start_paused = true)]
async fn the_streams_of_a_connection_are_bounded() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    for number in 0..5 {
        stream_of(&mut ada, &number.to_string(), "Gated", json!([])).await;
    }
    stream_of(&mut ada, "more", "Count", json!([1])).await;
    let text = "An unexpected error occurred invoking 'Count' on the server. \
                HubException: A connection has at most 5 streams at a time.";
    assert_hears(&mut ada, [failed("more", text)]).await;
    cancel(&mut ada, "0").await;
    assert_hears(&mut ada, [end("0")]).await;
    stream_of(&mut ada, "more", "Count", json!([1])).await;
    assert_hears(&mut ada, [item("more", 0), end("more")]).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_socket_slows_the_producer() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "p", "Pages", json!([])).await;
    settle().await;
    let produced = stage.log.take().len();
    // 64 KiB may wait; the pipe took only a little before it refused bytes.
    assert!((1..8).contains(&produced), "{produced} pages were made");
    pass(seconds(5)).await;
    assert_eq!(stage.log.take().len(), 0);
    for _ in 0..produced {
        assert_eq!(message(&mut ada).await["type"], 2);
    }
    settle().await;
    let more = stage.log.take().len();
    assert!((1..8).contains(&more), "{more} more pages were made");
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_drops_streams_without_a_token_and_cancels_the_others() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "g", "Gated", json!([])).await;
    stream_of(&mut ada, "u", "UntilCancelled", json!([])).await;
    settle().await;
    drop(ada);
    pass(seconds(1)).await;
    stage.server.leaves_nothing_behind().await;
    let mut notes = stage.log.take();
    notes.sort();
    assert_eq!(notes, ["cancelled", "cleaned up", "gated dropped"]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_stream_starves_nobody() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "c", "Count", json!([u32::MAX])).await;
    let id = ada.start("Echo", ("heard",)).await.unwrap();
    assert_eq!(ada.completion(&id).await, Ok(json!("heard")));
    cancel(&mut ada, "c").await;
    loop {
        let Received::Message(message) = next(&mut ada).await else {
            panic!("the connection ended");
        };
        if message == end("c") {
            break;
        }
        assert_eq!(message["type"], 2);
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_streams() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "g", "Gated", json!([])).await;
    settle().await;
    let signalr = stage.server.signalr.clone();
    let goodbye = json!({"type": 7, "allowReconnect": true});
    tokio::join!(signalr.shutdown(), assert_closed_with(&mut ada, goodbye));
    assert_eq!(stage.log.take(), ["gated dropped"]);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_streams_are_a_hundred_and_the_rest_refused() {
    let (gate, log) = (Gate::closed(), Log::default());
    let hub = StreamsHub {
        gate,
        log: log.clone(),
    };
    let server = TestServer::new(hub);
    let mut ada = server.connect().await;
    let mut refused = 0;
    for number in 0..10_000 {
        stream_of(&mut ada, &number.to_string(), "Gated", json!([])).await;
        if number >= 100 {
            let refusal = message(&mut ada).await;
            assert_eq!(
                (&refusal["type"], &refusal["invocationId"]),
                (&json!(3), &json!(number.to_string()))
            );
            refused += usize::from(refusal["error"].is_string());
        }
    }
    assert_eq!(refused, 9_900);
    assert_eq!(ada.invoke("Echo", ("still",)).await, Ok(json!("still")));
    drop(ada);
    server.leaves_nothing_behind().await;
    assert_eq!(log.take().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_of_a_long_stream_still_receives_broadcasts() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    stream_of(&mut ada, "p", "Pages", json!([])).await;
    settle().await;
    let news = "n".repeat(PAGE);
    for _ in 0..10 {
        let all = stage.server.context().clients().all();
        all.send("News", (&news,)).await.unwrap();
        settle().await;
    }
    let mut heard = 0;
    while heard < 10 {
        heard += usize::from(message(&mut ada).await["type"] == 1);
    }
    cancel(&mut ada, "p").await;
}
