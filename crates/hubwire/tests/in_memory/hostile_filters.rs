//! Filters that never end, hold on to what they saw, or panic: what their calls held comes back.

mod bombs;
mod endless;
mod slots;
mod values;

use std::future::pending;
use std::panic::panic_any;

use futures_util::{Stream, StreamExt, stream};
use hubwire::filters::HubFilter;
use hubwire::testing::TestClient;
use hubwire::{CancellationToken, HubCallerContext, HubResult, StreamReader, hub, hub_client};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::time::timeout;

#[hub_client]
trait FilteredClient {
    fn confirm(&self, question: &str) -> bool;
}

struct FilteredHub;

#[hub(client = FilteredClient)]
impl FilteredHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn double(&self, number: i32) -> i32 {
        number * 2
    }

    pub fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        stream::iter(0..to)
    }

    pub fn count_until(&self, cancel: CancellationToken) -> impl Stream<Item = u32> + use<> {
        stream::once(async move {
            cancel.cancelled().await;
            1
        })
    }

    pub async fn sum(&self, from: i32, numbers: StreamReader<i32>) -> HubResult<i32> {
        let numbers: Vec<_> = numbers.collect().await;
        Ok(from + numbers.into_iter().sum::<Result<i32, _>>()?)
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm("method?").await?)
    }

    pub async fn wait(&self) {
        pending().await
    }

    pub async fn wait_with_a_bomb(&self) {
        let _bomb = Bomb;
        pending().await
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any("a bomb goes off");
    }
}

async fn call(client: &mut TestClient, id: &str, target: &str, arguments: Value) {
    let call = json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments});
    client.send_record(&call).await.unwrap();
}

async fn stream_of(client: &mut TestClient, id: &str, target: &str, arguments: Value) {
    let call = json!({"type": 4, "invocationId": id, "target": target, "arguments": arguments});
    client.send_record(&call).await.unwrap();
}

/// The completion of a call within a time.
async fn completed(client: &mut TestClient, id: &str, limit: u64) -> Value {
    let wait = async {
        loop {
            let message = message(client).await;
            if message["type"] == 3 && message["invocationId"] == id {
                return message;
            }
        }
    };
    timeout(seconds(limit), wait)
        .await
        .expect("the call is completed")
}

struct Passing;

impl HubFilter for Passing {}

#[tokio::test(start_paused = true)]
async fn hundreds_of_filters() {
    let server = TestServer::with(FilteredHub, |hub| {
        (0..300).fold(hub, |hub, _| hub.filter(Passing))
    });
    let mut client = server.connect().await;
    assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    stream_of(&mut client, "s", "Count", json!([3])).await;
    assert_eq!(completed(&mut client, "s", 1).await.get("error"), None);
    call(&mut client, "wait", "Wait", json!([])).await;
    settle().await;
    drop(client);
    pass(seconds(60)).await;
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
}
