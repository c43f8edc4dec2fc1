//! Streams that clients send: items, ends, back-pressure, bounds.

use futures_util::Stream;
use hubwire::testing::TestClient;
use hubwire::{HubResult, StreamReader, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;

struct UploadsHub {
    gate: Gate,
    log: Log,
}

#[hub]
impl UploadsHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn sum(&self, mut numbers: StreamReader<i32>) -> HubResult<i32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }

    /// Reads one item each time the gate opens.
    pub async fn read_slowly(&self, mut numbers: StreamReader<i32>) -> HubResult<usize> {
        let mut count = 0;
        loop {
            self.gate.passed().await;
            match numbers.next().await {
                Some(number) => self.log.note(number?.to_string()),
                None => return Ok(count),
            }
            count += 1;
        }
    }

    pub async fn first(&self, mut numbers: StreamReader<i32>) -> HubResult<Option<i32>> {
        numbers.next().await.transpose()
    }

    pub async fn how_it_ended(&self, mut numbers: StreamReader<i32>) {
        while let Some(number) = numbers.next().await {
            match number {
                Ok(number) => self.log.note(number.to_string()),
                Err(error) => self.log.note(format!("{}: {error}", error.type_name())),
            }
        }
        self.log.note("end");
    }

    pub async fn join(
        &self,
        separator: String,
        mut words: StreamReader<String>,
        mut numbers: StreamReader<i32>,
    ) -> HubResult<String> {
        let mut all = Vec::new();
        while let Some(word) = words.next().await {
            all.push(word?);
        }
        while let Some(number) = numbers.next().await {
            all.push(number?.to_string());
        }
        Ok(all.join(&separator))
    }

    pub fn echo_stream(&self, numbers: StreamReader<i32>) -> impl Stream<Item = HubResult<i32>> {
        numbers
    }
}

struct Stage {
    server: TestServer<UploadsHub>,
    gate: Gate,
    log: Log,
}

impl Stage {
    fn new() -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let hub = UploadsHub {
            gate: gate.clone(),
            log: log.clone(),
        };
        let server = TestServer::with(hub, |options| {
            options.maximum_parallel_streams_per_client(3)
        });
        Self { server, gate, log }
    }
}

async fn call(client: &mut TestClient, id: &str, target: &str, arguments: Value, streams: &[&str]) {
    let record = json!({
        "type": 1, "invocationId": id, "target": target, "arguments": arguments, "streamIds": streams,
    });
    client.send_record(&record).await.unwrap();
}

async fn item(client: &mut TestClient, id: &str, item: impl Into<Value>) {
    let record = json!({"type": 2, "invocationId": id, "item": item.into()});
    client.send_record(&record).await.unwrap();
}

async fn complete(client: &mut TestClient, id: &str) {
    let record = json!({"type": 3, "invocationId": id});
    client.send_record(&record).await.unwrap();
}

async fn fail(client: &mut TestClient, id: &str, error: &str) {
    let record = json!({"type": 3, "invocationId": id, "error": error});
    client.send_record(&record).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn items_arrive_in_order_until_the_end() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "Sum", json!([]), &["s"]).await;
    for number in 1..=100 {
        item(&mut ada, "s", number).await;
    }
    complete(&mut ada, "s").await;
    assert_eq!(ada.completion("1").await, Ok(json!(5050)));
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn several_streams_map_to_parameters_in_order() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "Join", json!(["-"]), &["w", "n"]).await;
    item(&mut ada, "n", 1).await;
    item(&mut ada, "w", "a").await;
    complete(&mut ada, "n").await;
    item(&mut ada, "w", "b").await;
    complete(&mut ada, "w").await;
    assert_eq!(ada.completion("1").await, Ok(json!("a-b-1")));
}

#[tokio::test(start_paused = true)]
async fn the_number_of_streams_must_be_right() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let text = |target: &str, sent: usize, expected: usize| {
        Err(format!(
            "An unexpected error occurred invoking '{target}' on the server. \
             HubException: Client sent {sent} stream(s), Hub method expects {expected}."
        )
        .into())
    };
    call(&mut ada, "1", "Sum", json!([]), &[]).await;
    assert_eq!(ada.completion("1").await, text("Sum", 0, 1));
    call(&mut ada, "2", "Sum", json!([]), &["a", "b"]).await;
    assert_eq!(ada.completion("2").await, text("Sum", 2, 1));
    call(&mut ada, "3", "Echo", json!(["x"]), &["a"]).await;
    assert_eq!(ada.completion("3").await, text("Echo", 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_full_stream_delays_only_its_own_connection() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let mut bob = stage.server.connect().await;
    call(&mut ada, "1", "ReadSlowly", json!([]), &["s"]).await;
    for number in 0..11 {
        item(&mut ada, "s", number).await;
    }
    let behind = ada.start("Echo", ("behind",)).await.unwrap();
    assert_silent(&mut ada, seconds(1)).await;
    assert_eq!(bob.invoke("Echo", ("free",)).await, Ok(json!("free")));
    stage.gate.open(1);
    assert_eq!(ada.completion(&behind).await, Ok(json!("behind")));
    stage.gate.open(100);
    complete(&mut ada, "s").await;
    assert_eq!(ada.completion("1").await, Ok(json!(11)));
    let expected: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    assert_eq!(stage.log.take(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_room_is_not_timed_out() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    ping(&mut ada).await;
    call(&mut ada, "1", "ReadSlowly", json!([]), &["s"]).await;
    for number in 0..11 {
        item(&mut ada, "s", number).await;
    }
    pass(seconds(120)).await;
    stage.gate.open(100);
    complete(&mut ada, "s").await;
    assert_eq!(ada.completion("1").await, Ok(json!(11)));
}

#[tokio::test(start_paused = true)]
async fn an_upload_never_waits_for_a_slot() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "ReadSlowly", json!([]), &["a"]).await;
    call(&mut ada, "2", "Sum", json!([]), &["b"]).await;
    item(&mut ada, "b", 7).await;
    complete(&mut ada, "b").await;
    assert_eq!(ada.completion("2").await, Ok(json!(7)));
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn the_method_reads_an_error_of_the_client() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "Sum", json!([]), &["s"]).await;
    item(&mut ada, "s", 1).await;
    fail(&mut ada, "s", "out of numbers").await;
    let text =
        "An unexpected error occurred invoking 'Sum' on the server. HubException: out of numbers";
    assert_eq!(ada.completion("1").await, Err(text.into()));
}

#[tokio::test(start_paused = true)]
async fn an_item_of_the_wrong_type_ends_only_its_stream() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "HowItEnded", json!([]), &["s"]).await;
    item(&mut ada, "s", 1).await;
    item(&mut ada, "s", "two").await;
    item(&mut ada, "s", 3).await;
    assert_eq!(ada.completion("1").await, Ok(Value::Null));
    let failed = "HubException: Failed to bind Stream message.";
    assert_eq!(stage.log.take(), ["1", failed, "end"]);
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn items_after_the_end_of_the_method_are_dropped() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "First", json!([]), &["s"]).await;
    for number in 0..50 {
        item(&mut ada, "s", number).await;
    }
    complete(&mut ada, "s").await;
    assert_eq!(ada.completion("1").await, Ok(json!(0)));
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn an_undeclared_stream_is_ignored() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    item(&mut ada, "none", 1).await;
    complete(&mut ada, "none").await;
    fail(&mut ada, "none", "x").await;
    complete(&mut ada, "s7").await;
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_fails_the_second_call_and_not_the_first() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "Sum", json!([]), &["s"]).await;
    let in_use = Err("Invocation ID 's' is already in use.".into());
    for id in ["2", "3"] {
        call(&mut ada, id, "Sum", json!([]), &["s"]).await;
        assert_eq!(ada.completion(id).await, in_use);
    }
    call(&mut ada, "4", "Join", json!([","]), &["t", "t"]).await;
    let in_use = Err("Invocation ID 't' is already in use.".into());
    assert_eq!(ada.completion("4").await, in_use);
    item(&mut ada, "s", 5).await;
    complete(&mut ada, "s").await;
    assert_eq!(ada.completion("1").await, Ok(json!(5)));
}

#[tokio::test(start_paused = true)]
async fn the_uploads_of_a_connection_are_bounded() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    for id in ["a", "b", "c"] {
        call(&mut ada, id, "ReadSlowly", json!([]), &[id]).await;
    }
    call(&mut ada, "d", "Sum", json!([]), &["d"]).await;
    let text = "An unexpected error occurred invoking 'Sum' on the server. \
                HubException: A connection has at most 3 streams at a time.";
    assert_eq!(ada.completion("d").await, Err(text.into()));
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_fails_open_readers() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "HowItEnded", json!([]), &["s"]).await;
    item(&mut ada, "s", 1).await;
    settle().await;
    drop(ada);
    settle().await;
    let closed = "OperationCanceledException: The underlying connection was closed.";
    assert_eq!(stage.log.take(), ["1", closed, "end"]);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_echoed_item_by_item() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let record = json!({
        "type": 4, "invocationId": "1", "target": "EchoStream", "arguments": [], "streamIds": ["s"],
    });
    ada.send_record(&record).await.unwrap();
    for number in 0..30 {
        item(&mut ada, "s", number).await;
        let echoed = json!({"type": 2, "invocationId": "1", "item": number});
        assert_eq!(message(&mut ada).await, echoed);
    }
    complete(&mut ada, "s").await;
    assert_eq!(
        message(&mut ada).await,
        json!({"type": 3, "invocationId": "1"})
    );
    drop(ada);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_stream_also_ends_its_upload() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let record = json!({
        "type": 4, "invocationId": "1", "target": "EchoStream", "arguments": [], "streamIds": ["s"],
    });
    ada.send_record(&record).await.unwrap();
    let cancel = json!({"type": 5, "invocationId": "1"});
    ada.send_record(&cancel).await.unwrap();
    assert_eq!(
        message(&mut ada).await,
        json!({"type": 3, "invocationId": "1"})
    );
    for number in 0..30 {
        item(&mut ada, "s", number).await;
    }
    assert_eq!(ada.invoke("Echo", ("x",)).await, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn an_upload_without_an_invocation_id_works() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    let record = json!({"type": 1, "target": "HowItEnded", "arguments": [], "streamIds": ["s"]});
    ada.send_record(&record).await.unwrap();
    item(&mut ada, "s", 1).await;
    complete(&mut ada, "s").await;
    settle().await;
    assert_eq!(stage.log.take(), ["1", "end"]);
    assert_silent(&mut ada, seconds(1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_used_again_belongs_to_the_new_stream() {
    let stage = Stage::new();
    let mut ada = stage.server.connect().await;
    call(&mut ada, "1", "Join", json!(["-"]), &["w", "n"]).await;
    complete(&mut ada, "w").await;
    call(&mut ada, "2", "Sum", json!([]), &["w"]).await;
    item(&mut ada, "w", 5).await;
    complete(&mut ada, "n").await;
    assert_eq!(ada.completion("1").await, Ok(json!("")));
    item(&mut ada, "w", 6).await;
    complete(&mut ada, "w").await;
    assert_eq!(ada.completion("2").await, Ok(json!(11)));
}
