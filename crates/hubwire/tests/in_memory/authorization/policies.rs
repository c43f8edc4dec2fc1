//! Policies with checks, which run in the place of the method.

use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_policy_decides_before_filters_and_the_method() {
    for protocol in PROTOCOLS {
        let log = Log::default();
        let stage = Stage::with(|hub| hub.filter(Watching("filter", log.clone())));
        // All notes are in one order.
        let stage = Stage {
            log: log.clone(),
            ..stage
        };
        let mut peer = stage.connect(&[], protocol).await;
        peer.invoke("1", "eNTER", &[json!(7)]).await;
        peer.stream("2", "Count", &[json!(2)], &[]).await;
        peer.upload("3", "Sum", &[], &["a"]).await;
        peer.item("a", 2).await;
        peer.end("a").await;
        let expected = [
            "completion 1 result 7",
            "item 2 0",
            "item 2 1",
            "completion 2 end",
            "completion 3 result 2",
        ];
        assert_eq!(peer.heard().await, expected);
        assert_eq!(log.take(), ["filter Enter", "filter Count", "filter Sum"]);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_policy_refuses_is_not_decoded() {
    for protocol in PROTOCOLS {
        for detailed in [false, true] {
            let told = Log::default();
            let stage = Stage::with(|hub| {
                hub.detailed_errors(detailed)
                    .filter(Watching("filter", told.clone()))
            });
            stage.says(Says::No);
            let mut peer = stage.connect(&[], protocol).await;
            peer.invoke("1", "eNTER", &[json!(4201)]).await;
            peer.invoke("2", "Enter", &[json!("no number")]).await;
            peer.stream("3", "Enter", &[json!(4201)], &[]).await;
            peer.invoke("4", "Count", &[json!(4201)]).await;
            peer.stream("5", "Count", &[], &[]).await;
            peer.upload("6", "Sum", &[], &["a"]).await;
            peer.item("a", "no number").await;
            peer.stream("7", "Double", &[], &[]).await;
            peer.send("Enter", &[json!(4201)]).await;
            peer.send("Enter", &[]).await;
            let expected = [
                unauthorized("1", "Enter"),
                unauthorized("2", "Enter"),
                unauthorized("3", "Enter"),
                unauthorized("4", "Count"),
                unauthorized("5", "Count"),
                unauthorized("6", "Sum"),
                unauthorized("7", "Double"),
            ];
            assert_eq!(peer.heard().await, expected);
            assert_eq!(stage.log.take(), ["asked"; 9]);
            let mut refused = vec!["filter eNTER Unauthorized"];
            refused.extend(["filter Enter Unauthorized"; 2]);
            refused.extend(["filter Count Unauthorized"; 2]);
            refused.push("filter Sum Unauthorized");
            refused.push("filter Double Unauthorized");
            refused.extend(["filter Enter Unauthorized"; 2]);
            assert_eq!(told.take(), refused);
            assert!(!was_decoded(4201));
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_lacks_a_role_is_refused_before_a_policy_is_asked() {
    let stage = Stage::new();
    let mut waiter = stage.connect(&["Waiter"], HubProtocol::Json).await;
    waiter.invoke("1", "EnterAsCook", &[]).await;
    assert_eq!(waiter.heard().await, [unauthorized("1", "EnterAsCook")]);
    let mut nobody = Peer::connect(&stage.server.endpoint, None, HubProtocol::Json).await;
    nobody.invoke("1", "Enter", &[json!(1)]).await;
    assert_eq!(nobody.heard().await, [unauthorized("1", "Enter")]);
    assert!(stage.log.take().is_empty());
    let mut cook = stage.connect(&["Cook"], HubProtocol::Json).await;
    cook.invoke("1", "EnterAsCook", &[]).await;
    assert_eq!(cook.heard().await, ["completion 1 result null"]);
    assert_eq!(stage.log.take(), ["asked", "enter as cook"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_call_is_said_after_a_policy_has_allowed_it() {
    for protocol in PROTOCOLS {
        let told = Log::default();
        let stage = Stage::with(|hub| hub.filter(Watching("filter", told.clone())));
        let mut peer = stage.connect(&[], protocol).await;
        peer.invoke("1", "Enter", &[json!("no number")]).await;
        peer.invoke("2", "Enter", &[]).await;
        peer.stream("3", "Enter", &[json!(1)], &[]).await;
        peer.invoke("4", "Count", &[json!(1)]).await;
        peer.upload("5", "Sum", &[], &[]).await;
        let expected = [
            failed_to_invoke("1", "Enter"),
            failed_to_invoke("2", "Enter"),
            "completion 3 error The client attempted to invoke the non-streaming 'Enter' method with \
             a streaming invocation."
                .to_owned(),
            "completion 4 error The client attempted to invoke the streaming 'Count' method with a \
             non-streaming invocation."
                .to_owned(),
            "completion 5 error An unexpected error occurred invoking 'Sum' on the server. \
             HubException: Client sent 0 stream(s), Hub method expects 1."
                .to_owned(),
        ];
        assert_eq!(peer.heard().await, expected);
        assert_eq!(stage.log.take(), ["asked"; 5]);
        let refused = [
            "filter Enter Argument",
            "filter Enter ArgumentCount",
            "filter Enter WrongKind",
            "filter Count WrongKind",
            "filter Sum Streams",
        ];
        assert_eq!(told.take(), refused);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_fails_fails_the_call() {
    for protocol in PROTOCOLS {
        for (says, detailed, suffix) in [
            (Says::Fails, false, ""),
            (Says::Fails, true, " Error: the door is stuck"),
            (Says::FailsAloud, false, " HubException: Come back later"),
            (Says::FailsAloud, true, " HubException: Come back later"),
            (Says::Panics, false, ""),
            (Says::Panics, true, " Panic: the door falls"),
        ] {
            let told = Log::default();
            let stage = Stage::with(|hub| {
                hub.detailed_errors(detailed)
                    .filter(Watching("filter", told.clone()))
            });
            stage.says(says);
            let mut peer = stage.connect(&[], protocol).await;
            peer.invoke("1", "Enter", &[json!(4301)]).await;
            peer.stream("2", "Count", &[json!(1)], &[]).await;
            peer.upload("3", "Sum", &[], &["a"]).await;
            peer.send("Enter", &[json!(4301)]).await;
            peer.invoke("4", "Echo", &[json!("here")]).await;
            let failed = |id, method| failed_to_invoke(id, method) + suffix;
            let expected = [
                failed("1", "Enter"),
                failed("2", "Count"),
                failed("3", "Sum"),
                "completion 4 result \"here\"".to_owned(),
            ];
            assert_eq!(peer.heard().await, expected, "{says:?}");
            assert_eq!(stage.log.take(), ["asked"; 4]);
            let expected = [
                "filter Enter PolicyFailed",
                "filter Count PolicyFailed",
                "filter Sum PolicyFailed",
                "filter Enter PolicyFailed",
                "filter Echo",
            ];
            assert_eq!(told.take(), expected);
            assert!(!was_decoded(4301));
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_asks_for_arguments_reads_them_before_the_method() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        let mut peer = stage.connect(&[], protocol).await;
        peer.invoke("1", "Open", &[json!("ann"), json!(3)]).await;
        peer.invoke("2", "Open", &[json!("bob"), json!(3)]).await;
        // The argument that the policy does not read is decoded afterwards.
        peer.invoke("3", "Open", &[json!("bob"), json!("x")]).await;
        peer.invoke("4", "Open", &[json!("ann"), json!("x")]).await;
        peer.invoke("5", "Open", &[json!(7), json!(3)]).await;
        peer.invoke("6", "Open", &[]).await;
        let expected = [
            "completion 1 result \"ann\"".to_owned(),
            unauthorized("2", "Open"),
            unauthorized("3", "Open"),
            failed_to_invoke("4", "Open"),
            unauthorized("5", "Open"),
            unauthorized("6", "Open"),
        ];
        assert_eq!(peer.heard().await, expected);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_policy_is_cancelled_with_its_call() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.invoke("1", "Enter", &[json!(1)]).await;
        peer.stream("2", "Count", &[json!(1)], &[]).await;
        peer.upload("3", "Sum", &[], &["a"]).await;
        peer.cancel("4").await;
        assert!(peer.heard().await.is_empty() && stage.log.take().is_empty());
        for id in ["1", "2", "3"] {
            peer.cancel(id).await;
        }
        let cancelled = |id, method| {
            format!(
                "completion {id} error An unexpected error occurred invoking '{method}' on the server."
            )
        };
        let mut heard = peer.heard().await;
        heard.sort();
        let expected = [
            cancelled("1", "Enter"),
            "completion 2 end".to_owned(),
            cancelled("3", "Sum"),
        ];
        assert_eq!(heard, expected);
        assert_eq!(stage.log.take(), ["asked"; 3]);
        // The slot and the stream's id are free.
        stage.says(Says::Yes);
        peer.upload("3", "Sum", &[], &["a"]).await;
        peer.end("a").await;
        peer.invoke("1", "Enter", &[json!(2)]).await;
        let expected = ["completion 1 result 2", "completion 3 result 0"];
        assert_eq!(peer.heard().await, expected);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_policy_ends_with_the_connection() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.invoke("1", "Enter", &[json!(1)]).await;
        peer.stream("2", "Count", &[json!(1)], &[]).await;
        peer.upload("3", "Sum", &[], &["a"]).await;
        assert!(peer.heard().await.is_empty());
        drop(peer);
        settle().await;
        assert_eq!(stage.log.take(), ["asked"; 3]);
        stage.says(Says::Yes);
        stage.door.open(3);
        settle().await;
        assert!(stage.log.take().is_empty(), "nothing runs any more");
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_turn_to_be_decided_about_ends_with_the_connection() {
    let stage = Stage::new();
    let mut peer = stage.connect(&[], HubProtocol::Json).await;
    peer.invoke("1", "Wait", &[]).await;
    peer.invoke("2", "Enter", &[json!(1)]).await;
    assert!(peer.heard().await.is_empty());
    drop(peer);
    pass(seconds(31)).await;
    stage.gate.open(1);
    settle().await;
    assert!(stage.log.take().is_empty());
    stage.server.leaves_nothing_behind().await;
}
