//! Recorders that panic: clients notice nothing, and all other metrics are recorded.
//!
//! These are the only tests here, because panics outside of a server's tasks are counted for the
//! whole process.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use futures_util::{Stream, stream};
use hubwire::backplane::InProcessFarm;
use hubwire::filters::InvocationMetrics;
use hubwire::manual::UntypedClient;
use hubwire::metrics::ALL;
use hubwire::{HubCallerContext, HubResult, SignalR, StreamReader, hub};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::{Value, json};
use test_support::handed_over::HandedOver;
use test_support::in_memory::*;
use test_support::recorded::{paused_runtime, record_with};
use tokio::io::DuplexStream;

struct MeasuredHub;

#[hub(client = UntypedClient)]
impl MeasuredHub {
    pub fn panic(&self) {
        panic!("secret");
    }

    pub async fn wait(&self) {
        pass(seconds(60)).await;
    }

    pub fn stream(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    pub async fn sum(&self, mut numbers: StreamReader<i32>) -> HubResult<i32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }

    #[hub(deprecated)]
    pub async fn enter(&self, cx: &HubCallerContext<Self>) -> HubResult {
        self.join(cx, "tea".into()).await
    }

    pub async fn join(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), group).await?)
    }
}

/// When a recorder panics.
#[derive(Clone, Copy, Debug)]
enum When {
    Registering,
    Recording,
}

/// A recorder that panics for some metrics.
struct Failing<'r> {
    recorder: &'r DebuggingRecorder,
    when: When,
    fails: &'r (dyn Fn(&str) -> bool + Sync),
}

impl Failing<'_> {
    /// Returns a handle of the other recorder, or one that panics.
    fn handle<H>(&self, key: &Key, failing: H, register: impl FnOnce() -> H) -> H {
        match self.when {
            _ if !(self.fails)(key.name()) => register(),
            When::Registering => panic!("a recorder fails to register"),
            When::Recording => failing,
        }
    }
}

impl Recorder for Failing<'_> {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.handle(key, Counter::from_arc(Arc::new(Broken)), || {
            self.recorder.register_counter(key, metadata)
        })
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.handle(key, Gauge::from_arc(Arc::new(Broken)), || {
            self.recorder.register_gauge(key, metadata)
        })
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.handle(key, Histogram::from_arc(Arc::new(Broken)), || {
            self.recorder.register_histogram(key, metadata)
        })
    }
}

/// A handle that panics.
struct Broken;

impl CounterFn for Broken {
    fn increment(&self, _: u64) {
        panic!("a counter fails");
    }

    fn absolute(&self, _: u64) {
        panic!("a counter fails");
    }
}

impl GaugeFn for Broken {
    fn increment(&self, _: f64) {
        panic!("a gauge fails");
    }

    fn decrement(&self, _: f64) {
        panic!("a gauge fails");
    }

    fn set(&self, _: f64) {
        panic!("a gauge fails");
    }
}

impl HistogramFn for Broken {
    fn record(&self, _: f64) {
        panic!("a histogram fails");
    }
}

/// Runs a server in which everything happens that has a metric, and returns what its clients see.
async fn session() -> Vec<Value> {
    let farm = InProcessFarm::new();
    let signalr = SignalR::builder().backplane(farm.node()).build();
    let server = TestServer::on(signalr, MeasuredHub, |hub| hub.filter(InvocationMetrics));
    let (_, listener) = HandedOver::<DuplexStream>::new();
    let served = hubwire::serve(listener, Router::new()).until(settle());
    served.await.unwrap();

    let mut client = server.connect().await;
    let mut seen = Vec::new();
    for (target, arguments) in [
        ("Join", json!(["tea"])),
        ("Enter", json!([])),
        ("Panic", json!([])),
        ("Nothing", json!([])),
        ("Join", json!([1])),
        ("Wait", json!([])),
    ] {
        let call = json!({"type": 1, "invocationId": "1", "target": target,
            "arguments": arguments});
        client.send_record(&call).await.unwrap();
        seen.push(message(&mut client).await);
    }
    for record in [
        json!({"type": 1, "invocationId": "u", "target": "Sum", "arguments": [],
            "streamIds": ["s"]}),
        json!({"type": 2, "invocationId": "s", "item": 1}),
        json!({"type": 2, "invocationId": "s", "item": "no number"}),
    ] {
        client.send_record(&record).await.unwrap();
    }
    seen.push(message(&mut client).await);
    let call = json!({"type": 4, "invocationId": "t", "target": "Stream", "arguments": []});
    client.send_record(&call).await.unwrap();
    let cancel = json!({"type": 5, "invocationId": "t"});
    client.send_record(&cancel).await.unwrap();
    seen.push(message(&mut client).await);
    let all = server.context().clients().all();
    all.send("Text", ("x",)).await.unwrap();
    seen.push(message(&mut client).await);
    client.close().await.unwrap();
    pass(seconds(2)).await;
    server.leaves_nothing_behind().await;

    let mut last = server.connect().await;
    let (closed, ()) = tokio::join!(message(&mut last), server.signalr.shutdown());
    seen.push(closed);
    seen
}

#[test]
fn clients_do_not_notice_a_recorder_that_always_panics() {
    let expected = paused_runtime().block_on(session());
    assert_eq!(expected.len(), 10);
    for when in [When::Registering, When::Recording] {
        let recorder = DebuggingRecorder::new();
        let failing = Failing {
            recorder: &recorder,
            when,
            fails: &|_| true,
        };
        record_with(&failing, async {
            assert_eq!(session().await, expected, "{when:?}");
        });
        assert!(recorder.snapshotter().snapshot().into_vec().is_empty());
    }
}

async fn unseen_session() {
    session().await;
}

/// What was recorded, by name and labels: counters and gauges, and how many values histograms have.
struct Snapshot(BTreeMap<(String, String), String>);

impl Snapshot {
    fn of(recorder: &DebuggingRecorder) -> Self {
        let recorded = recorder.snapshotter().snapshot().into_vec().into_iter();
        let recorded = recorded.map(|(key, _, _, value)| {
            let value = match value {
                DebugValue::Histogram(values) => format!("{} values", values.len()),
                value => format!("{value:?}"),
            };
            let name = key.key().name().to_owned();
            ((name, key.key().to_string()), value)
        });
        Self(recorded.collect())
    }

    fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(name, _)| name.as_str()).collect()
    }

    /// Returns what was recorded of other metrics than these.
    fn without(&self, names: [&str; 2]) -> BTreeMap<&str, &str> {
        let others = self
            .0
            .iter()
            .filter(|((name, _), _)| !names.contains(&name.as_str()));
        others
            .map(|((_, key), value)| (key.as_str(), value.as_str()))
            .collect()
    }
}

#[test]
fn a_metric_that_cannot_be_recorded_costs_no_other() {
    let healthy = DebuggingRecorder::new();
    record_with(&healthy, unseen_session());
    let healthy = Snapshot::of(&healthy);
    let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(healthy.names(), names);
    for metric in ALL {
        for when in [When::Registering, When::Recording] {
            let recorder = DebuggingRecorder::new();
            let failing = Failing {
                recorder: &recorder,
                when,
                fails: &|name| name == metric.name,
            };
            record_with(&failing, unseen_session());
            // A recorder's panics count, too.
            let but = [metric.name, "hubwire.panics"];
            assert_eq!(
                Snapshot::of(&recorder).without(but),
                healthy.without(but),
                "{when:?} of {}",
                metric.name
            );
        }
    }
}
