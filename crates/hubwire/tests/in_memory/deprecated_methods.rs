//! Deprecated methods: their calls are counted, and the operator is told.

use futures_util::{Stream, stream};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::{HubError, HubResult, hub};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::json;
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

struct OrdersHub;

#[hub]
impl OrdersHub {
    pub fn buy(&self) {}

    #[deprecated(note = "use buy")]
    pub fn order(&self) {}

    #[hub(deprecated, name = "shop")]
    pub fn purchase(&self, _count: u32) {}

    #[hub(deprecated)]
    pub fn orders(&self) -> impl Stream<Item = u32> + use<> {
        stream::iter([1])
    }
}

/// Refuses all calls.
struct Closed;

impl HubFilter for Closed {
    async fn invoke(&self, _: &mut HubInvocation, _: Next<'_>) -> HubResult<InvocationResult> {
        Err(HubError::new("The shop is closed"))
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_is_counted_by_hub_and_method_as_declared() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = TestServer::with(OrdersHub, |hub| hub.filter(Closed));
    let mut client = server.connect().await;
    for (target, arguments) in [
        ("Buy", json!([])),
        ("oRDER", json!([])),
        ("Order", json!([])),
        ("SHOP", json!([1])),
        // Their clients have not been updated either.
        ("Shop", json!(["x"])),
        ("Shop", json!([])),
        ("Orders", json!([])),
        ("Purchase", json!([1])),
    ] {
        let call =
            json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments});
        client.send_record(&call).await.unwrap();
        assert!(message(&mut client).await["error"].is_string());
    }
    pass(seconds(2)).await;
    let measured = recorder.snapshotter().snapshot().into_vec().into_iter();
    let measured = measured.filter(|(key, ..)| key.key().name() == "hubwire.deprecated.calls");
    let mut counted: Vec<_> = measured
        .map(|(key, _, _, value)| {
            let labels = key.key().labels();
            let labels: Vec<_> = labels
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let DebugValue::Counter(calls) = value else {
                panic!("a counter");
            };
            (labels.join(" "), calls)
        })
        .collect();
    counted.sort();
    let count = |method: &str, calls| (format!("hub=OrdersHub method={method}"), calls);
    let expected = [count("Order", 2), count("Orders", 1), count("shop", 3)];
    assert_eq!(counted, expected);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_operator_is_told_at_once_and_then_once_an_hour() {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::new(OrdersHub);
    let mut client = server.connect().await;
    for _ in 0..10 {
        client.invoke_as::<()>("oRDER", ()).await.unwrap();
        client.invoke_as::<()>("Buy", ()).await.unwrap();
    }
    let line = lines.one_of_a_connection("OrdersHub");
    assert_eq!(
        (line.level, line.target),
        (Level::WARN, "hubwire::dispatch")
    );
    let message = "a deprecated method was called: a client has not been updated yet";
    assert_eq!(line.message, message);
    assert_eq!(line.field("method"), "Order");
    assert_eq!(line.field("since_last_line"), "1");
    pass(seconds(3_590)).await;
    assert_eq!(lines.take(), []);
    pass(seconds(20)).await;
    let line = lines.one_of_a_connection("OrdersHub");
    assert_eq!(line.field("since_last_line"), "9");
    drop(client);
    server.leaves_nothing_behind().await;
}
