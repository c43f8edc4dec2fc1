//! The span of a call begins with the policy that decides about it.

use serde_json::json;
use test_support::spans::{Seen, Spans};
use tracing::Level;

use super::*;

/// Returns the only span of a call, which must have ended once, as what it says of its failure
/// tells.
#[track_caller]
fn ended(spans: &Spans, error_type: &str) -> Seen {
    let span = spans.one("invocation");
    assert_eq!(span.ends, 1, "{span:#?}");
    let status = if error_type.is_empty() { "" } else { "ERROR" };
    let said = (span.field("error.type"), span.field("otel.status_code"));
    assert_eq!(said, (error_type, status), "{span:#?}");
    span
}

#[tokio::test(start_paused = true)]
async fn a_policy_and_the_method_are_in_the_same_span() {
    for protocol in PROTOCOLS {
        for (method, line) in [("Enter", "enters"), ("Count", "counts")] {
            let spans = Spans::collect(Level::INFO);
            let stage = Stage::new();
            stage.says(Says::NotYet);
            let mut peer = stage.connect(&[], protocol).await;
            match method {
                "Enter" => peer.invoke("1", method, &[json!(1)]).await,
                _ => peer.stream("1", method, &[json!(1)], &[]).await,
            }
            assert!(peer.heard().await.is_empty());
            let span = spans.one("invocation");
            assert_eq!(
                (span.ends, &*span.lines),
                (0, &["who is there".to_owned()][..])
            );
            assert_eq!(span.field("otel.name"), format!("Kitchen/{method}"));
            assert_eq!(
                (span.parent, &*span.follows_from),
                (None, &["connection"][..])
            );
            stage.says(Says::Yes);
            stage.door.open(1);
            peer.heard().await;
            let span = ended(&spans, "");
            assert_eq!(span.lines, ["who is there", "decides", "asked", line]);
            // A policy that decides at once.
            let spans = Spans::collect(Level::INFO);
            match method {
                "Enter" => peer.invoke("2", method, &[json!(1)]).await,
                _ => peer.stream("2", method, &[json!(1)], &[]).await,
            }
            peer.heard().await;
            assert_eq!(ended(&spans, "").lines, ["who is there", "asked", line]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_span_of_a_call_that_is_not_allowed_ends_with_the_policy() {
    for (says, error_type) in [
        (Says::No, ""),
        (Says::Fails, "Error"),
        (Says::FailsAloud, "HubException"),
        (Says::Panics, "Panic"),
    ] {
        for at_once in [true, false] {
            let spans = Spans::collect(Level::INFO);
            let stage = Stage::new();
            stage.says(if at_once { says } else { Says::NotYet });
            let mut peer = stage.connect(&[], HubProtocol::Json).await;
            peer.invoke("1", "Enter", &[json!(1)]).await;
            peer.heard().await;
            stage.says(says);
            stage.door.open(1);
            peer.heard().await;
            let expected = match at_once {
                true => &["who is there", "asked"][..],
                false => &["who is there", "decides", "asked"][..],
            };
            assert_eq!(ended(&spans, error_type).lines, expected, "{says:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_dropped_is_dropped_in_its_span() {
    for is_cancelled in [true, false] {
        let spans = Spans::collect(Level::INFO);
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], HubProtocol::Json).await;
        peer.invoke("1", "Enter", &[json!(1)]).await;
        peer.heard().await;
        if is_cancelled {
            peer.cancel("1").await;
            peer.heard().await;
        }
        drop(peer);
        settle().await;
        assert_eq!(ended(&spans, "").lines, ["who is there", "asked"]);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_before_a_policy_is_asked_has_no_span() {
    let spans = Spans::collect(Level::INFO);
    let stage = Stage::new();
    stage.says(Says::NotYet);
    let mut peer = stage.connect(&["Waiter"], HubProtocol::Json).await;
    peer.invoke("1", "EnterAsCook", &[]).await;
    assert_eq!(peer.heard().await, [unauthorized("1", "EnterAsCook")]);
    peer.invoke("2", "Wait", &[]).await;
    peer.invoke("3", "Enter", &[json!(1)]).await;
    assert!(peer.heard().await.is_empty());
    assert_eq!(spans.one("invocation").field("rpc.method"), "Wait");
    stage.gate.open(1);
    peer.heard().await;
    let [_, asked] = &*spans.named("invocation") else {
        panic!("two calls have begun");
    };
    assert_eq!(asked.lines, ["who is there"]);
}
