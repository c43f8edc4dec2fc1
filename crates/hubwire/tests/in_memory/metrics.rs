//! The metrics of panics that were caught, and of limits that were hit.

mod backplane;
mod calls;
mod chosen_labels;
mod connections;
mod limits;
mod limits_of_requests;
mod list;
mod packed;
mod shutdown;

use std::num::NonZeroUsize;

use futures_util::{Stream, stream};
use hubwire::manual::UntypedClient;
use hubwire::testing::{Received, TestClient};
use hubwire::{HubBuilder, HubCallerContext, HubResult, SignalR, StreamReader, WhenBusy, hub};
use limits::Nested;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::{Value, json};
use test_support::bombs::Bomb;
use test_support::in_memory::*;
pub(crate) use test_support::recorded::measured;
use test_support::recorded::*;

struct MeasuredHub;

#[hub(client = UntypedClient)]
impl MeasuredHub {
    pub fn panic(&self) {
        panic!("secret");
    }

    pub fn take(&self, bomb: Bomb) -> usize {
        bomb.0.len()
    }

    pub async fn read(&self, mut bombs: StreamReader<Bomb>) -> HubResult {
        while let Some(bomb) = bombs.next().await {
            drop(bomb?);
        }
        Ok(())
    }

    pub async fn read_none(&self, bombs: StreamReader<Bomb>) {
        settle().await;
        drop(bombs);
    }

    pub fn nest(&self, _nested: Nested) {}

    pub async fn nests(&self, mut nested: StreamReader<Nested>) -> HubResult {
        while let Some(nested) = nested.next().await {
            nested?;
        }
        Ok(())
    }

    pub async fn wait(&self) {
        pass(seconds(60)).await;
    }

    pub async fn hold(&self, _numbers: StreamReader<i32>) {
        pass(seconds(60)).await;
    }

    pub fn stream(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    pub async fn ask_twice(&self, cx: &HubCallerContext<Self>) {
        let caller = cx.clients().caller();
        let ask = || caller.invoke::<bool, _>("Ask", ());
        let (first, second) = tokio::join!(ask(), ask());
        assert!(first.is_err() && second.is_err());
    }

    #[hub(deprecated)]
    pub async fn join_tea(&self, cx: &HubCallerContext<Self>) -> bool {
        self.join(cx, "tea".into()).await
    }

    pub async fn join(&self, cx: &HubCallerContext<Self>, group: String) -> bool {
        let added = cx.groups().add(cx.connection_id(), group).await;
        added.is_ok()
    }
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
        // One panic is caught where the items are dropped; the other ends the call.
        ("ReadNone", &["always", "good", "always"], 2),
    ];
    for (target, texts, panics) in scenes {
        let counted = measured("hubwire.panics", async {
            let server = server(|options| options);
            let mut client = server.connect().await;
            if target.starts_with("Read") {
                upload(&mut client, target, texts).await;
                assert!(client.completion("u").await.is_err());
            } else {
                let call = json!({"type": 1, "invocationId": "1", "target": target,
                    "arguments": texts});
                record(&mut client, call).await;
                assert!(client.completion("1").await.is_err());
            }
        });
        assert_eq!(counted, [(String::new(), panics)], "{target} {texts:?}");
    }
}

/// Runs a scene with a server that has low limits, and returns how often each limit was hit.
fn hits(scene: impl AsyncFnOnce(&TestServer<MeasuredHub>, TestClient)) -> Vec<(String, u64)> {
    measured("hubwire.limit.hits", async {
        let server = server(|options| {
            options
                .maximum_parallel_streams_per_client(1)
                .maximum_pending_client_results(1)
                .maximum_running_calls_per_client(2)
                .stream_buffer_capacity(NonZeroUsize::new(2).unwrap())
        });
        let client = server.connect().await;
        scene(&server, client).await;
    })
}

#[test]
fn limits_of_streams_and_calls() {
    let hits = hits(async |_, mut client| {
        for id in ["1", "2"] {
            let call = json!({"type": 4, "invocationId": id, "target": "Stream", "arguments": []});
            record(&mut client, call).await;
        }
        assert!(client.completion("2").await.is_err());
        // The third of these calls waits, and is checked again at every event.
        let call = json!({"type": 1, "target": "Hold", "arguments": [], "streamIds": ["s"]});
        record(&mut client, call).await;
        let another = json!({"type": 1, "invocationId": "u", "target": "Hold", "arguments": [],
            "streamIds": ["t"]});
        record(&mut client, another).await;
        assert!(client.completion("u").await.is_err());
        client.start("Wait", ()).await.unwrap();
        settle().await;
        for number in 0..3 {
            let item = json!({"type": 2, "invocationId": "s", "item": number});
            record(&mut client, item).await;
            settle().await;
        }
        ping(&mut client).await;
        settle().await;
    });
    assert_counted(
        &hits,
        &[
            ("maximum_parallel_streams_per_client", 2),
            ("maximum_running_calls_per_client", 1),
            ("stream_buffer_capacity", 1),
        ],
    );
}

#[test]
fn limits_of_received_bytes() {
    let hits = hits(async |server, mut client| {
        // After a running call, 64 KiB wait and the rest is not read.
        client.start("Wait", ()).await.unwrap();
        for _ in 0..5 {
            let text = "x".repeat(20 * 1024);
            client.start("Take", (text,)).await.unwrap();
            settle().await;
        }
        drop(client);
        let mut client = server.connect().await;
        client.start("Take", ("x".repeat(40_000),)).await.unwrap();
        assert_eq!(message(&mut client).await["type"], 7);
        drop(client);
        let mut client = server.open();
        client.send_bytes(&[b' '; 40_000]).await.unwrap();
        let refusal = message(&mut client).await;
        assert_eq!(refusal["error"], "Handshake was canceled.");
    });
    assert_counted(
        &hits,
        &[
            ("application_maximum_buffer_size", 1),
            ("maximum_parallel_invocations_per_client", 1),
            ("maximum_receive_message_size", 2),
        ],
    );
}

#[test]
fn limits_of_time() {
    let hits = hits(async |server, mut client| {
        let mut late = server.open();
        pass(seconds(16)).await;
        assert_eq!(message(&mut late).await["error"], "Handshake was canceled.");
        // The client does not return the Close of the WebSocket.
        record(&mut client, json!({"type": 7})).await;
        assert_eq!(message(&mut client).await, json!({"type": 7}));
        let closed = next(&mut client).await;
        assert_eq!(closed, Received::Closed(Some(1000)));
        pass(seconds(6)).await;
        let mut silent = server.connect().await;
        ping(&mut silent).await;
        pass(seconds(33)).await;
        assert_eq!(message(&mut silent).await["type"], 7);
        silent.close().await.unwrap();
        late.close().await.ok();
        settle().await;
    });
    assert_counted(
        &hits,
        &[
            ("client_timeout_interval", 1),
            ("handshake_timeout", 1),
            ("web_socket_close_timeout", 2),
        ],
    );
}

#[test]
fn limits_of_client_results_and_groups() {
    let hits = hits(async |server, mut client| {
        let asked = client.invoke("AskTwice", ()).await;
        assert_eq!(asked, Ok(Value::Null));
        let joined = client.invoke("Join", ("x".repeat(1_025),)).await;
        assert_eq!(joined, Ok(json!(false)));
        let all = server.context().clients().all();
        let sent = all.latest("x".repeat(1_025)).send("Text", ()).await;
        assert!(sent.is_err());
    });
    assert_counted(
        &hits,
        &[
            ("client_result_timeout", 1),
            ("maximum_group_name_size", 1),
            ("maximum_pending_client_results", 1),
            ("message_key_size", 1),
        ],
    );
}

#[test]
fn messages_that_are_dropped_are_counted_by_reason() {
    let counted = measured("hubwire.outbound.dropped", async {
        let server = server(|options| options.outbound_buffer_size(2_000));
        let mut client = TestClient::connect_pulled(&server.endpoint).await.unwrap();
        client.leave();
        settle().await;
        let all = server.context().clients().all();
        let send = async |when_busy: WhenBusy, times| {
            for _ in 0..times {
                let all = all.when_busy(when_busy.clone());
                all.send("Text", ("x".repeat(500),)).await.unwrap();
            }
        };
        send(WhenBusy::Volatile, 5).await;
        send(WhenBusy::latest("key"), 5).await;
        // Two more find room.
        send(WhenBusy::DropOldest, 5).await;
        send(WhenBusy::DropNewest, 2).await;
        client.come_back();
        for _ in 0..3 {
            client.push().await.unwrap();
        }
        assert_silent(&mut client, seconds(1)).await;
    });
    assert_counted(
        &counted,
        &[
            ("drop_newest", 2),
            ("drop_oldest", 3),
            ("replaced", 4),
            ("volatile", 5),
        ],
    );
}
