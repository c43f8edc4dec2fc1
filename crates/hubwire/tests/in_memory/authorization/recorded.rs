//! What the operator learns of refused calls and failed policies: lines and metrics.

use metrics_util::debugging::DebugValue;
use serde_json::json;
use test_support::log_lines::LogLines;
use test_support::recorded::*;
use tracing::Level;

use super::*;

/// Returns how many calls have been timed, with the labels of each method, and their longest time.
fn timed(recorded: Recorded) -> Vec<(String, usize, u64)> {
    let mut timed = Vec::new();
    for (key, _, _, value) in recorded {
        let key = key.key();
        if let DebugValue::Histogram(values) = value
            && key.name() == "hubwire.invocation.duration"
        {
            let labels: Vec<_> = key.labels().map(|label| label.value()).collect();
            let longest = values.iter().map(|it| it.into_inner()).fold(0.0, f64::max);
            timed.push((labels.join(" "), values.len(), longest.round() as u64));
        }
    }
    timed.sort();
    timed
}

/// A session of a waiter: two calls that are refused at once, and two by a policy; one failed
/// policy; two cancelled ones, and one that allows its call after 7 s.
async fn session() {
    let stage = Stage::new();
    let mut peer = stage.connect(&["Waiter"], HubProtocol::Json).await;
    peer.invoke("1", "Cook", &[json!(1)]).await;
    peer.stream("2", "Steps", &[], &[]).await;
    stage.says(Says::No);
    peer.invoke("3", "Enter", &[json!(1)]).await;
    peer.stream("4", "Count", &[json!(1)], &[]).await;
    settle().await;
    stage.says(Says::Fails);
    peer.invoke("5", "Enter", &[json!(1)]).await;
    settle().await;
    stage.says(Says::NotYet);
    peer.stream("6", "Count", &[json!(1)], &[]).await;
    peer.cancel("6").await;
    peer.invoke("7", "Enter", &[json!(1)]).await;
    peer.upload("8", "Sum", &[], &["a"]).await;
    settle().await;
    pass(seconds(7)).await;
    stage.says(Says::Yes);
    stage.door.open(1);
    settle().await;
    drop(peer);
    settle().await;
}

#[test]
fn each_call_is_either_refused_or_timed() {
    let recorded = recorded(session());
    assert_counted(
        &counters(&recorded, "hubwire.refused.calls"),
        &[("unauthorized", 4)],
    );
    let expected = [
        ("Kitchen Count cancelled", 1, 0),
        ("Kitchen Enter completed", 1, 7),
        ("Kitchen Enter failed", 1, 0),
        ("Kitchen Sum cancelled", 1, 7),
    ];
    let expected = expected.map(|(labels, count, time)| (labels.to_owned(), count, time));
    assert_eq!(timed(recorded), expected);
}

#[tokio::test(start_paused = true)]
async fn a_refused_send_is_a_warning_without_its_arguments() {
    let lines = LogLines::written(Level::WARN);
    let stage = Stage::new();
    let mut peer = stage.connect(&[], HubProtocol::Json).await;
    peer.invoke("1", "Cook", &[json!("hunter2")]).await;
    assert_eq!(peer.heard().await.len(), 1);
    assert!(lines.take().is_empty(), "its client is told");
    stage.says(Says::No);
    for method in ["cOOK", "Enter"] {
        peer.send(method, &[json!("hunter2")]).await;
        assert!(peer.heard().await.is_empty());
        let line = lines.one_of_a_connection("Kitchen");
        assert_eq!(line.level, Level::WARN);
        let text = "a call was refused, and its client is not told why: its user may not call the \
                    method";
        assert_eq!(line.message, text);
        assert_eq!(line.field("method"), method);
        assert!(!format!("{line:?}").contains("hunter2"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_fails_is_an_error_in_the_log() {
    for (says, cause) in [
        (Says::Fails, "the door is stuck"),
        (Says::Panics, "the door falls"),
    ] {
        let lines = LogLines::written(Level::WARN);
        let stage = Stage::new();
        stage.says(says);
        let mut peer = stage.connect(&[], HubProtocol::Json).await;
        peer.invoke("1", "Enter", &[json!("hunter2")]).await;
        assert_eq!(peer.heard().await, [failed_to_invoke("1", "Enter")]);
        let line = lines.one_of_a_connection("Kitchen");
        assert_eq!(line.level, Level::ERROR);
        assert_eq!(line.message, "a policy failed, and its call with it");
        assert_eq!(line.field("method"), "Enter");
        assert!(line.field("error").contains(cause), "{line:?}");
        assert!(!format!("{line:?}").contains("hunter2"));
    }
}
