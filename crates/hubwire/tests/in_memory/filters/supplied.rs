//! The filters that log and measure calls.

use hubwire::filters::{InvocationLogging, InvocationMetrics};
use metrics_util::debugging::DebuggingRecorder;
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

use super::FilteredHub;

#[tokio::test(start_paused = true)]
async fn supplied_filters_log_and_measure_each_call_without_its_values() {
    let lines = LogLines::written(Level::DEBUG);
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(InvocationLogging).filter(InvocationMetrics)
    });
    let mut client = server.connect().await;
    client.invoke_as::<i32>("dOUBLE", (4321,)).await.unwrap();
    client.invoke_as::<Value>("Fail", ()).await.unwrap_err();
    let farewell = "hunter2\n".repeat(1_000);
    let close = json!({"type": 7, "error": farewell});
    client.send_record(&close).await.unwrap();
    drop(client);
    server.leaves_nothing_behind().await;

    let lines = lines.take();
    let lines = lines.iter().filter(|line| line.target == "hubwire::calls");
    let said: Vec<_> = lines
        .map(|line| {
            assert_eq!(line.field("hub"), "FilteredHub");
            assert!(!line.field("connection_id").is_empty());
            let shown = format!("{line:?}");
            assert!(!shown.contains("8642") && !shown.contains("4321") && shown.len() < 1_000);
            (
                line.message.clone(),
                line.field("method").to_owned(),
                line.field("failed").to_owned(),
            )
        })
        .collect();
    let line = |message: &str, method: &str, failed: &str| {
        (message.to_owned(), method.to_owned(), failed.to_owned())
    };
    let expected = [
        line("connected", "", "false"),
        line("hub method called", "Double", "false"),
        line("hub method called", "Fail", "true"),
        line("disconnected", "", "false"),
    ];
    assert_eq!(said, expected);

    let measured = recorder.snapshotter().snapshot().into_vec().into_iter();
    let mut measured: Vec<_> = measured
        .filter(|(key, ..)| key.key().name() == "hubwire.invocation.inner.duration")
        .map(|(key, ..)| {
            let labels = key.key().labels();
            labels
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect::<Vec<_>>()
        })
        .collect();
    measured.sort();
    let labels = |method, outcome| {
        vec![
            "hub=FilteredHub".to_owned(),
            format!("method={method}"),
            format!("outcome={outcome}"),
        ]
    };
    assert_eq!(
        measured,
        [labels("Double", "completed"), labels("Fail", "failed")]
    );
}
