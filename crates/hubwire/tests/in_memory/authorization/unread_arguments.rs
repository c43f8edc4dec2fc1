//! Arguments that a policy cannot read: a fault of the client, which learns nothing of the method.

use serde_json::json;
use test_support::log_lines::LogLines;
use tracing::Level;

use super::*;

/// Calls of `Open`, whose policy reads the first argument as a text.
const CALLS: [(&str, &str); 3] = [
    ("1", "[7001, 3]"),
    ("2", "[]"),
    ("3", "[{\"hunter2\": \"hunter2\"}, 3]"),
];

#[tokio::test(start_paused = true)]
async fn a_call_with_an_argument_that_its_policy_cannot_read_is_refused_like_others() {
    for protocol in PROTOCOLS {
        for detailed in [false, true] {
            let told = Log::default();
            let stage = Stage::with(|hub| {
                hub.detailed_errors(detailed)
                    .filter(Watching("filter", told.clone()))
            });
            let mut peer = stage.connect(&[], protocol).await;
            for method in ["Open", "OpenByDoor"] {
                for (id, arguments) in CALLS {
                    let arguments: Vec<_> = serde_json::from_str(arguments).unwrap();
                    peer.invoke(id, method, &arguments).await;
                    assert_eq!(peer.heard().await, [unauthorized(id, method)]);
                }
                let expected = ["Argument", "ArgumentCount", "Argument"]
                    .map(|reason| format!("filter {method} {reason}"));
                assert_eq!(told.take(), expected);
            }
            peer.send("Open", &[json!(7001), json!(3)]).await;
            assert!(peer.heard().await.is_empty());
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_a_policy_cannot_read_is_a_warning_without_its_value() {
    for (arguments, text, detail) in [
        (
            vec![json!("ann"), json!("hunter2")],
            "an argument does not fit its parameter",
            "argument 1, which a policy reads: invalid type: string, expected u32",
        ),
        (
            vec![json!("ann")],
            "the method has another number of arguments",
            "there is no argument 1, which a policy reads: the call has 1",
        ),
    ] {
        for detailed in [false, true] {
            let lines = LogLines::written(Level::WARN);
            let stage = Stage::with(|hub| hub.detailed_errors(detailed));
            let mut peer = stage.connect(&[], HubProtocol::MessagePack).await;
            peer.invoke("1", "OpenByNumber", &arguments).await;
            assert_eq!(peer.heard().await, [unauthorized("1", "OpenByNumber")]);
            let line = lines.one_of_a_connection("Kitchen");
            assert_eq!(line.level, Level::WARN);
            let expected = format!("a call was refused, and its client is not told why: {text}");
            assert_eq!(line.message, expected);
            assert_eq!(line.field("method"), "OpenByNumber");
            assert!(line.field("detail").starts_with(detail), "{line:?}");
            assert!(!format!("{line:?}").contains("hunter2"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_asks_for_no_arguments_and_reads_one_has_failed() {
    let lines = LogLines::written(Level::WARN);
    let stage = Stage::new();
    let mut peer = stage.connect(&[], HubProtocol::Json).await;
    peer.invoke("1", "OpenUnread", &[json!("ann")]).await;
    assert_eq!(peer.heard().await, [failed_to_invoke("1", "OpenUnread")]);
    let line = lines.one_of_a_connection("Kitchen");
    assert_eq!(line.level, Level::ERROR);
    assert_eq!(line.message, "a policy failed, and its call with it");
    assert!(
        line.field("error").contains("check_with_arguments"),
        "{line:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_does_without_an_argument_may_fail_for_other_reasons() {
    let lines = LogLines::written(Level::WARN);
    let stage = Stage::new();
    let mut peer = stage.connect(&[], HubProtocol::Json).await;
    peer.invoke("1", "OpenAnyway", &[json!(7001)]).await;
    assert_eq!(peer.heard().await, [failed_to_invoke("1", "OpenAnyway")]);
    let line = lines.one_of_a_connection("Kitchen");
    assert_eq!(line.level, Level::ERROR);
    assert!(
        line.field("error").contains("the drawer is stuck"),
        "{line:?}"
    );
}
