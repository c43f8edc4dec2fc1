//! How many calls of one connection run, including those that gave their slot back or read their stream to
//! its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{Stream, stream};
use hubwire::manual::UntypedClient;
use hubwire::testing::{CallError, TestClient};
use hubwire::{HubCallerContext, HubResult, StreamReader, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;

struct WaitingHub {
    gate: Gate,
    running: Arc<AtomicUsize>,
}

/// A running call.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl WaitingHub {
    async fn wait(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
        let _counted = Counted(&self.running);
        self.gate.passed().await;
    }
}

#[hub(client = UntypedClient)]
impl WaitingHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn read_and_wait(&self, mut numbers: StreamReader<i32>) -> HubResult<i32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        self.wait().await;
        Ok(sum)
    }

    pub async fn ask_and_wait(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        let answer = cx.clients().caller().invoke("Ask", ()).await?;
        self.wait().await;
        Ok(answer)
    }

    pub fn stream(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }
}

struct Stage {
    server: TestServer<WaitingHub>,
    gate: Gate,
    running: Arc<AtomicUsize>,
}

impl Stage {
    fn new() -> Self {
        let (gate, running) = (Gate::closed(), Arc::<AtomicUsize>::default());
        let hub = WaitingHub {
            gate: gate.clone(),
            running: Arc::clone(&running),
        };
        let server = TestServer::new(hub);
        Self {
            server,
            gate,
            running,
        }
    }

    fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Ends all calls, and checks that there is room for others.
    async fn ends(self, mut client: TestClient) {
        self.gate.open(self.running());
        settle().await;
        assert_eq!(self.running(), 0);
        let echo = client.invoke("Echo", ("x",)).await;
        assert_eq!(echo, Ok(json!("x")));
        drop(client);
        self.server.leaves_nothing_behind().await;
    }
}

async fn record(client: &mut TestClient, record: Value) {
    client.send_record(&record).await.unwrap();
}

fn refused(target: &str, what: &str) -> Result<Value, CallError> {
    Err(format!(
        "An unexpected error occurred invoking '{target}' on the server. HubException: {what}"
    )
    .into())
}

/// Sends a stream of one item and ends it; returns whether the call was refused.
async fn upload(client: &mut TestClient, number: usize) -> bool {
    let (call, stream) = (format!("call{number}"), format!("stream{number}"));
    let target = "ReadAndWait";
    let invocation = json!({"type": 1, "invocationId": call, "target": target,
        "arguments": [], "streamIds": [stream]});
    record(client, invocation).await;
    record(
        client,
        json!({"type": 2, "invocationId": stream, "item": 1}),
    )
    .await;
    record(client, json!({"type": 3, "invocationId": stream})).await;
    // A refusal of the upload arrives before the completion of this call.
    let echo = client.invoke("Echo", ("x",)).await;
    assert_eq!(echo, Ok(json!("x")));
    let refusal = tokio::time::timeout(seconds(0), client.completion(&call)).await;
    let Ok(completion) = refusal else {
        return false;
    };
    let text = "A connection has at most 100 streams at a time.";
    assert_eq!(completion, refused(target, text));
    true
}

#[tokio::test(start_paused = true)]
async fn an_upload_counts_until_its_call_ends() {
    let stage = Stage::new();
    let mut client = stage.server.connect().await;
    for number in 0..1_000 {
        let is_refused = upload(&mut client, number).await;
        assert_eq!(is_refused, number >= 100, "the upload {number}");
    }
    assert_eq!(stage.running(), 100);
    stage.gate.open(1);
    settle().await;
    assert_eq!(stage.running(), 99);
    assert!(!upload(&mut client, 1_000).await);
    assert_eq!(stage.running(), 100);
    stage.ends(client).await;
}

/// Starts a call that invokes its client, and responds. Returns the error if the call is refused.
async fn ask(client: &mut TestClient) -> Option<Value> {
    let id = client.start("AskAndWait", ()).await.unwrap();
    let response = message(client).await;
    if response["type"] == 3 {
        assert_eq!(response["invocationId"], id);
        return Some(response["error"].clone());
    }
    assert_eq!(response["target"], "Ask");
    let answer = json!({"type": 3, "invocationId": response["invocationId"], "result": true});
    record(client, answer).await;
    None
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_its_client_result_counts_until_it_ends() {
    let stage = Stage::new();
    let mut client = stage.server.connect().await;
    let text = "A connection has at most 400 running calls at a time.";
    let refusal = refused("AskAndWait", text).unwrap_err();
    for number in 0..1_000 {
        let expected = (number >= 400).then(|| json!(refusal.text()));
        assert_eq!(ask(&mut client).await, expected, "the call {number}");
    }
    settle().await;
    assert_eq!(stage.running(), 400);
    let text = "A connection has at most 400 running calls at a time.";
    let call = json!({"type": 4, "invocationId": "s", "target": "Stream", "arguments": []});
    record(&mut client, call).await;
    let stream = client.completion("s").await;
    assert_eq!(stream, refused("Stream", text));
    stage.gate.open(1);
    assert_eq!(client.completion("1").await, Ok(json!(true)));
    assert_eq!(ask(&mut client).await, None);
    settle().await;
    assert_eq!(stage.running(), 400);
    stage.ends(client).await;
}
