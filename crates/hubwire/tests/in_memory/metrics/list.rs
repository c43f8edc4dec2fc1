//! The list of metrics says what servers record, and all of it.

use std::collections::BTreeMap;

use axum::Router;
use hubwire::SignalR;
use hubwire::backplane::InProcessFarm;
use hubwire::filters::InvocationMetrics;
use hubwire::metrics::{ALL, MetricKind};
use metrics_util::MetricKind as RecordedKind;
use metrics_util::debugging::DebuggingRecorder;
use tokio::net::TcpListener;

use super::*;

/// What is told apart of a recorded metric: its kind and the names of its labels.
type Shape = (MetricKind, Vec<String>);

/// A server in which everything happens that has a metric.
async fn everything() {
    let farm = InProcessFarm::new();
    let signalr = SignalR::builder().backplane(farm.node()).build();
    let server = TestServer::on(signalr, MeasuredHub, |hub| hub.filter(InvocationMetrics));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = hubwire::serve(listener, Router::new()).until(settle());
    served.await.unwrap();
    let mut client = server.connect().await;
    client.invoke("Join", ("tea",)).await.unwrap();
    client.invoke("JoinTea", ()).await.unwrap();
    client.close().await.unwrap();
    pass(seconds(2)).await;
}

fn kind(recorded: RecordedKind) -> MetricKind {
    match recorded {
        RecordedKind::Counter => MetricKind::Counter,
        RecordedKind::Gauge => MetricKind::Gauge,
        RecordedKind::Histogram => MetricKind::Histogram,
    }
}

#[test]
fn each_recorded_metric_is_in_the_list_and_each_one_of_the_list_is_recorded() {
    let snapshot = recorded(everything());
    let recorded: BTreeMap<String, Shape> = snapshot
        .into_iter()
        .map(|(key, ..)| {
            let (recorded, key) = key.into_parts();
            let mut labels: Vec<_> = key.labels().map(|it| it.key().to_owned()).collect();
            labels.sort();
            (key.name().to_owned(), (kind(recorded), labels))
        })
        .collect();
    let listed: BTreeMap<String, Shape> = ALL
        .iter()
        .map(|metric| {
            let mut labels: Vec<_> = metric.labels.iter().map(|&it| it.to_owned()).collect();
            labels.sort();
            (metric.name.to_owned(), (metric.kind, labels))
        })
        .collect();
    assert_eq!(recorded, listed);
}

#[test]
fn each_one_of_the_list_is_described() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = paused_runtime();
    metrics::with_local_recorder(&recorder, || {
        hubwire::metrics::describe();
        runtime.block_on(everything());
    });
    let described: BTreeMap<String, (String, String)> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, unit, description, _)| {
            let unit = unit.unwrap().as_str().to_owned();
            let description = description.unwrap().into_owned();
            (key.key().name().to_owned(), (unit, description))
        })
        .collect();
    for metric in ALL {
        let (unit, description) = &described[metric.name];
        assert_eq!(*unit, metric.unit.to_string());
        assert_eq!(description, metric.description);
    }
}

#[test]
fn the_guide_has_exactly_the_list() {
    let guide = include_str!("../../../../../docs/metrics.md");
    let (list, _) = guide.split_once("\n## ").unwrap();
    let listed: Vec<&str> = list.lines().filter(|it| it.starts_with("| `")).collect();
    let expected: Vec<String> = ALL
        .iter()
        .map(|metric| {
            let labels: Vec<_> = metric.labels.iter().map(|it| format!("`{it}`")).collect();
            let labels = match &*labels {
                [] => "-".to_owned(),
                labels => labels.join(", "),
            };
            format!(
                "| `{}` | {} | {} | {labels} | {} |",
                metric.name, metric.kind, metric.unit, metric.description
            )
        })
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn the_guide_lists_every_value_of_labels_that_are_from_fixed_lists() {
    let guide = include_str!("../../../../../docs/metrics.md");
    let mut seen = 0;
    for (key, ..) in recorded(everything()) {
        for label in key.key().labels() {
            if matches!(label.key(), "reason" | "target") {
                seen += 1;
                let value = format!("`{}`", label.value());
                let row = guide.lines().find(|line| {
                    line.contains(&format!("`{}` | `{}`", key.key().name(), label.key()))
                });
                let row = row.unwrap_or_else(|| panic!("{}", key.key().name()));
                assert!(row.contains(&value), "{value} is not in {row}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
}
