//! The order of calls, their slots, and how their arguments are bound.

use std::num::NonZeroUsize;

use futures_util::stream;
use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubResult, Stream, StreamReader, hub};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::time::timeout;

/// An argument that panics when it is decoded.
struct Explosive;

impl<'de> Deserialize<'de> for Explosive {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("boom while decoding")
    }
}

struct CallsHub {
    gates: Vec<Gate>,
    log: Log,
}

#[hub]
impl CallsHub {
    pub async fn wait(&self, gate: usize) -> usize {
        self.log.note(format!("begin {gate}"));
        self.gates[gate].passed().await;
        self.log.note(format!("end {gate}"));
        gate
    }

    pub fn echo(&self, text: String) -> String {
        self.log.note(format!("echo {text}"));
        text
    }

    pub fn count(&self) -> impl Stream<Item = u32> {
        stream::iter([0])
    }

    pub async fn upload(&self, lines: StreamReader<String>) {
        drop(lines);
    }

    pub async fn take_explosive(&self, _explosive: Explosive) {}

    pub async fn tell_me(
        &self,
        cx: &HubCallerContext<Self>,
        count: usize,
        size: usize,
    ) -> HubResult {
        let text = "x".repeat(size);
        for number in 0..count {
            let caller = cx.clients().caller();
            caller.send("Told", (number, &text)).await?;
        }
        Ok(())
    }
}

struct Stage {
    server: TestServer<CallsHub>,
    gates: Vec<Gate>,
    log: Log,
}

impl Stage {
    fn new(slots: usize) -> Self {
        let gates: Vec<_> = (0..5).map(|_| Gate::closed()).collect();
        let log = Log::default();
        let hub = CallsHub {
            gates: gates.clone(),
            log: log.clone(),
        };
        let slots = NonZeroUsize::new(slots).unwrap();
        let server = TestServer::with(hub, |options| {
            options.maximum_parallel_invocations_per_client(slots)
        });
        Self { server, gates, log }
    }

    async fn begin(&self, client: &mut TestClient, gates: usize) {
        for gate in 0..gates {
            client.start("Wait", (gate,)).await.unwrap();
        }
        settle().await;
    }

    async fn open(&self, gate: usize) -> Vec<String> {
        self.gates[gate].open(1);
        settle().await;
        self.log.take()
    }
}

/// Returns the id of the next completion.
async fn completed(client: &mut TestClient) -> Value {
    let completion = message(client).await;
    assert_eq!(completion["type"], 3, "{completion}");
    completion["invocationId"].clone()
}

#[tokio::test(start_paused = true)]
async fn with_one_slot_calls_run_one_after_another_in_order() {
    let stage = Stage::new(1);
    let mut client = stage.server.connect().await;
    stage.begin(&mut client, 3).await;
    client.send("Echo", ("last",)).await.unwrap();
    settle().await;
    assert_eq!(stage.log.take(), ["begin 0"]);
    stage.gates[2].open(1);
    assert_eq!(stage.open(1).await, [""; 0]);
    let rest = ["end 0", "begin 1", "end 1", "begin 2", "end 2", "echo last"];
    assert_eq!(stage.open(0).await, rest);
    for id in ["1", "2", "3"] {
        assert_eq!(completed(&mut client).await, id);
    }
    drop(client);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn with_three_slots_calls_begin_in_order_and_end_in_any() {
    let stage = Stage::new(3);
    let mut client = stage.server.connect().await;
    stage.begin(&mut client, 5).await;
    assert_eq!(stage.log.take(), ["begin 0", "begin 1", "begin 2"]);
    assert_eq!(stage.open(2).await, ["end 2", "begin 3"]);
    assert_eq!(stage.open(3).await, ["end 3", "begin 4"]);
    assert_eq!(stage.open(0).await, ["end 0"]);
    assert_eq!(stage.open(4).await, ["end 4"]);
    assert_eq!(stage.open(1).await, ["end 1"]);
    for id in ["3", "4", "1", "5", "2"] {
        assert_eq!(completed(&mut client).await, id);
    }
    drop(client);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_does_not_wait_for_the_calls_of_another() {
    let stage = Stage::new(1);
    let mut busy = stage.server.connect().await;
    let mut free = stage.server.connect().await;
    stage.begin(&mut busy, 2).await;
    assert_eq!(free.invoke("Echo", ("x",)).await, Ok("x".into()));
    drop((busy, free));
    stage.gates[0].open(1);
    stage.gates[1].open(1);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn calls_received_before_the_transport_ended_still_run() {
    let stage = Stage::new(1);
    let mut client = stage.server.connect().await;
    stage.begin(&mut client, 1).await;
    client.send("Echo", ("first",)).await.unwrap();
    client.send("Echo", ("second",)).await.unwrap();
    drop(client);
    settle().await;
    assert_eq!(stage.log.take(), ["begin 0"]);
    assert_eq!(stage.open(0).await, ["end 0", "echo first", "echo second"]);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_close_after_a_waiting_call_is_read_in_its_turn() {
    let stage = Stage::new(1);
    let mut client = stage.server.connect().await;
    stage.begin(&mut client, 2).await;
    client.send_record(&json!({"type": 7})).await.unwrap();
    assert_silent(&mut client, seconds(60)).await;
    stage.gates[0].open(1);
    assert_eq!(completed(&mut client).await, "1");
    assert_closed_with(&mut client, json!({"type": 7})).await;
    assert_eq!(stage.log.take(), ["begin 0", "end 0", "begin 1"]);
    assert_eq!(stage.open(1).await, ["end 1"]);
    stage.server.leaves_nothing_behind().await;
}

const MASKED: &str = "Failed to invoke 'Echo' due to an error on the server.";

#[tokio::test(start_paused = true)]
async fn calls_that_cannot_be_bound_are_completed_ahead_of_running_ones() {
    let stage = Stage::new(1);
    let mut client = stage.server.connect().await;
    stage.begin(&mut client, 1).await;
    let unknown = "Failed to invoke 'nOpe' due to an error on the server. \
        HubException: Method does not exist.";
    for (target, arguments, error) in [
        ("nOpe", json!([]), unknown),
        ("echo", json!([]), MASKED),
        ("ECHO", json!(["a", "b"]), MASKED),
        ("Echo", json!([7]), MASKED),
        ("Echo", json!([null]), MASKED),
    ] {
        let call =
            json!({"type": 1, "invocationId": "x", "target": target, "arguments": arguments});
        client.send_record(&call).await.unwrap();
        let expected = json!({"type": 3, "invocationId": "x", "error": error});
        assert_eq!(message(&mut client).await, expected);
    }
    assert_eq!(stage.log.take(), ["begin 0"]);
    stage.open(0).await;
    assert_eq!(completed(&mut client).await, "1");
    drop(client);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_after_a_waiting_call_is_completed() {
    let stage = Stage::new(1);
    let mut client = stage.server.connect().await;
    stage.begin(&mut client, 2).await;
    let unknown = client.start("Nope", ()).await.unwrap();
    assert_silent(&mut client, seconds(60)).await;
    stage.gates[0].open(1);
    assert_eq!(completed(&mut client).await, "1");
    assert_eq!(completed(&mut client).await, unknown);
    stage.gates[1].open(1);
    assert_eq!(completed(&mut client).await, "2");
    drop(client);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn with_detailed_errors_binding_failures_are_explained() {
    let hub = CallsHub {
        gates: Vec::new(),
        log: Log::default(),
    };
    let server = TestServer::with(hub, |options| options.detailed_errors(true));
    let mut client = server.connect().await;
    let conversion = "InvalidDataException: Error binding arguments. Make sure that the types \
        of the provided values match the types of the hub method being invoked.";
    let count = "InvalidDataException: Invocation provides 2 argument(s) but target expects 1.";
    let completion = client.invoke("Echo", (7,)).await;
    assert_eq!(completion, Err(format!("{MASKED} {conversion}").into()));
    let completion = client.invoke("Echo", ("a", "b")).await;
    assert_eq!(completion, Err(format!("{MASKED} {count}").into()));
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn plain_calls_in_the_wrong_mode_are_refused_in_their_turn() {
    let counts = "The client attempted to invoke the streaming 'Count' method \
        with a non-streaming invocation.";
    let streams = "An unexpected error occurred invoking 'Echo' on the server. \
        HubException: Client sent 1 stream(s), Hub method expects 0.";
    let with_stream = json!({"type": 1, "invocationId": "w", "target": "echo",
        "arguments": ["x"], "streamIds": ["1"]});
    let of_stream = json!({"type": 1, "invocationId": "w", "target": "count", "arguments": []});
    for (call, error) in [(of_stream, counts), (with_stream, streams)] {
        let stage = Stage::new(1);
        let mut client = stage.server.connect().await;
        stage.begin(&mut client, 1).await;
        client.send_record(&call).await.unwrap();
        assert_silent(&mut client, seconds(60)).await;
        stage.gates[0].open(1);
        assert_eq!(completed(&mut client).await, "1");
        let expected = json!({"type": 3, "invocationId": "w", "error": error});
        assert_eq!(message(&mut client).await, expected);
        assert_eq!(stage.log.take(), ["begin 0", "end 0"]);
        drop(client);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_without_a_slot_are_refused_ahead_of_a_running_call_and_delay_nothing() {
    let stage = Stage::new(1);
    let mut client = stage.server.connect().await;
    stage.begin(&mut client, 1).await;
    let echo = "The client attempted to invoke the non-streaming 'Echo' method \
        with a streaming invocation.";
    let unknown = "Failed to invoke 'Nope' due to an error on the server. \
        HubException: Method does not exist.";
    let count = "Failed to invoke 'Count' due to an error on the server.";
    let streams = "An unexpected error occurred invoking 'Count' on the server. \
        HubException: Client sent 1 stream(s), Hub method expects 0.";
    let upload = "An unexpected error occurred invoking 'Upload' on the server. \
        HubException: Client sent 0 stream(s), Hub method expects 1.";
    let explosive = "Failed to invoke 'TakeExplosive' due to an error on the server.";
    for (kind, target, arguments, stream_ids, error) in [
        (4, "Echo", json!(["x"]), json!([]), echo),
        (4, "Echo", json!(["x"]), json!(["1"]), echo),
        (4, "Nope", json!([]), json!([]), unknown),
        (4, "Count", json!(["x"]), json!([]), count),
        (4, "Count", json!([]), json!(["1"]), streams),
        (1, "Upload", json!([]), json!([]), upload),
        (1, "TakeExplosive", json!([1]), json!([]), explosive),
    ] {
        let call = json!({"type": kind, "invocationId": "x", "target": target,
            "arguments": arguments, "streamIds": stream_ids});
        client.send_record(&call).await.unwrap();
        let expected = json!({"type": 3, "invocationId": "x", "error": error});
        let refused = timeout(seconds(1), message(&mut client)).await;
        assert_eq!(refused.expect("a completion at once"), expected);
    }
    let stream = json!({"type": 4, "invocationId": "s", "target": "Count", "arguments": []});
    client.send_record(&stream).await.unwrap();
    let item = json!({"type": 2, "invocationId": "s", "item": 0});
    assert_eq!(message(&mut client).await, item);
    assert_eq!(completed(&mut client).await, "s");
    assert_eq!(stage.log.take(), ["begin 0"]);
    stage.open(0).await;
    assert_eq!(completed(&mut client).await, "1");
    drop(client);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn pushes_to_the_caller_precede_the_completion_however_many_they_are() {
    // The last two pushes exceed a queue of 1 MiB and a pipe of 64 KiB.
    for (count, size) in [(3, 10), (150, 16 * 1024), (2, 1_200_000)] {
        let stage = Stage::new(1);
        let mut client = stage.server.connect().await;
        let id = client.start("TellMe", (count, size)).await.unwrap();
        for number in 0..count {
            let (target, arguments) = client.push().await.unwrap();
            assert_eq!((target.as_str(), &arguments[0]), ("Told", &number.into()));
        }
        assert_eq!(completed(&mut client).await, id);
        drop(client);
        stage.server.leaves_nothing_behind().await;
    }
}
