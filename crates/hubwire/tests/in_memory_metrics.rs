//! What an operator sees of panics that were caught, and of limits that were hit.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "in_memory/bombs.rs"]
mod bombs;
#[path = "in_memory/support.rs"]
mod support;

use std::num::NonZeroUsize;

use bombs::Bomb;
use futures_util::{Stream, stream};
use hubwire::testing::{Received, TestClient};
use hubwire::{HubBuilder, HubCallerContext, HubResult, StreamReader, UntypedClient, hub};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::{Value, json};
use support::*;

struct MeasuredHub;

#[hub(client = UntypedClient)]
impl MeasuredHub {
    fn panic(&self) {
        panic!("secret");
    }

    fn take(&self, bomb: Bomb) -> usize {
        bomb.0.len()
    }

    async fn read(&self, mut bombs: StreamReader<Bomb>) -> HubResult {
        while let Some(bomb) = bombs.next().await {
            drop(bomb?);
        }
        Ok(())
    }

    async fn read_none(&self, bombs: StreamReader<Bomb>) {
        settle().await;
        drop(bombs);
    }

    async fn wait(&self) {
        pass(seconds(60)).await;
    }

    async fn hold(&self, _numbers: StreamReader<i32>) {
        pass(seconds(60)).await;
    }

    fn stream(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    async fn ask_twice(&self, cx: &HubCallerContext<Self>) {
        let caller = cx.clients().caller();
        let ask = || caller.invoke::<bool, _>("Ask", ());
        let (first, second) = tokio::join!(ask(), ask());
        assert!(first.is_err() && second.is_err());
    }

    async fn join(&self, cx: &HubCallerContext<Self>, group: String) -> bool {
        let added = cx.groups().add(cx.connection_id(), group).await;
        added.is_ok()
    }
}

/// What counters of this name say, each with its label's value.
fn counters(snapshotter: &Snapshotter, name: &str) -> Vec<(String, u64)> {
    let snapshot = snapshotter.snapshot().into_vec();
    let mut counters = Vec::new();
    for (key, _, _, value) in snapshot {
        let (_, key) = key.into_parts();
        if let DebugValue::Counter(count) = value
            && key.name() == name
        {
            let label = key.labels().next().map(|label| label.value().to_owned());
            counters.push((label.unwrap_or_default(), count));
        }
    }
    counters.sort();
    counters
}

/// What counters of this name say behind a scene under a paused clock.
fn measured(name: &str, scene: impl Future<Output = ()>) -> Vec<(String, u64)> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(scene));
    counters(&snapshotter, name)
}

fn server(
    configure: impl FnOnce(HubBuilder<MeasuredHub>) -> HubBuilder<MeasuredHub>,
) -> TestServer<MeasuredHub> {
    TestServer::with(MeasuredHub, configure)
}

async fn record(client: &mut TestClient, record: Value) {
    client.send_record(&record).await.unwrap();
}

async fn upload(client: &mut TestClient, target: &str, items: &[&str]) {
    let call = json!({"type": 1, "invocationId": "u", "target": target, "arguments": [],
        "streamIds": ["s"]});
    record(client, call).await;
    for item in items {
        let item = json!({"type": 2, "invocationId": "s", "item": item});
        record(client, item).await;
    }
}

#[test]
fn each_panic_is_counted_once_wherever_it_was_caught() {
    let scenes: [(&str, &[&str], u64); 5] = [
        ("Panic", &[], 1),
        ("Take", &["decode"], 1),
        ("Take", &["drop"], 1),
        ("Read", &["decode"], 1),
        // One is caught where they are dropped, the other where the call ends with it.
        ("ReadNone", &["always", "good", "always"], 2),
    ];
    for (target, texts, panics) in scenes {
        let counted = measured("hubwire.panics", async {
            let server = server(|options| options);
            let mut client = server.connect().await;
            if target.starts_with("Read") {
                upload(&mut client, target, texts).await;
                assert!(client.completion("u").await.unwrap().is_err());
            } else {
                let call = json!({"type": 1, "invocationId": "1", "target": target,
                    "arguments": texts});
                record(&mut client, call).await;
                assert!(client.completion("1").await.unwrap().is_err());
            }
        });
        assert_eq!(counted, [(String::new(), panics)], "{target} {texts:?}");
    }
}
