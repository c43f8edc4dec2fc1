//! The streams of a call about which a policy has yet to decide.

use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn items_that_arrive_before_the_policy_has_decided_are_kept() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.upload("1", "Sum", &[], &["a"]).await;
        peer.stream("2", "Double", &[], &["b"]).await;
        for number in 1..=3 {
            peer.item("a", number).await;
            peer.item("b", number).await;
        }
        peer.end("b").await;
        assert!(peer.heard().await.is_empty());
        stage.says(Says::Yes);
        stage.door.open(2);
        let expected = ["item 2 2", "item 2 4", "item 2 6", "completion 2 end"];
        assert_eq!(peer.heard().await, expected);
        peer.item("a", 4).await;
        peer.end("a").await;
        assert_eq!(peer.heard().await, ["completion 1 result 10"]);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_stream_holds_up_the_connection_until_the_policy_has_decided() {
    for protocol in PROTOCOLS {
        for says in [Says::Yes, Says::No] {
            let stage = Stage::with(|hub| hub.stream_buffer_capacity(2.try_into().unwrap()));
            stage.says(Says::NotYet);
            let mut peer = stage.connect(&[], protocol).await;
            peer.upload("1", "Sum", &[], &["a"]).await;
            peer.item("a", 1).await;
            peer.item("a", 2).await;
            peer.invoke("2", "Echo", &[json!("x")]).await;
            assert_eq!(peer.heard().await, ["completion 2 result \"x\""]);
            peer.item("a", 3).await;
            peer.item("a", 4).await;
            peer.end("a").await;
            peer.invoke("3", "Echo", &[json!("y")]).await;
            assert!(peer.heard().await.is_empty());
            stage.says(says);
            stage.door.open(1);
            let mut heard = peer.heard().await;
            heard.sort();
            let answer = match says {
                Says::Yes => "completion 1 result 10".to_owned(),
                _ => unauthorized("1", "Sum"),
            };
            assert_eq!(heard, [answer, "completion 3 result \"y\"".to_owned()]);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_calls_streams_are_free_and_what_comes_late_is_ignored() {
    for protocol in PROTOCOLS {
        for says in [Says::No, Says::Fails, Says::Panics] {
            let stage = Stage::new();
            stage.says(Says::NotYet);
            let mut peer = stage.connect(&[], protocol).await;
            peer.upload("1", "Sum", &[], &["a"]).await;
            peer.item("a", 1).await;
            assert!(peer.heard().await.is_empty());
            stage.says(says);
            stage.door.open(1);
            assert_eq!(peer.heard().await.len(), 1);
            peer.item("a", 2).await;
            peer.end("a").await;
            stage.says(Says::Yes);
            peer.upload("2", "Sum", &[], &["a"]).await;
            peer.item("a", 5).await;
            peer.end("a").await;
            assert_eq!(peer.heard().await, ["completion 2 result 5"]);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ids_are_claimed_while_the_policy_decides() {
    for protocol in PROTOCOLS {
        let stage = Stage::with(|hub| hub.maximum_parallel_streams_per_client(2));
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.upload("1", "Sum", &[], &["a"]).await;
        peer.upload("2", "Sum", &[], &["a"]).await;
        peer.upload("3", "Sum", &[], &["b", "b"]).await;
        peer.upload("4", "Sum", &[], &["b", "c"]).await;
        let too_many = "completion 4 error An unexpected error occurred invoking 'Sum' on the server. \
                        HubException: A connection has at most 2 streams at a time.";
        let expected = [
            "completion 2 error Invocation ID 'a' is already in use.",
            "completion 3 error Invocation ID 'b' is already in use.",
            too_many,
        ];
        assert_eq!(peer.heard().await, expected);
        peer.item("a", 1).await;
        peer.end("a").await;
        stage.says(Says::Yes);
        stage.door.open(1);
        assert_eq!(peer.heard().await, ["completion 1 result 1"]);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_does_not_fit_fails_the_stream_of_an_allowed_call() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.upload("1", "Sum", &[], &["a"]).await;
        peer.upload("2", "Sum", &[], &["b"]).await;
        peer.item("a", "no number").await;
        peer.item("a", 1).await;
        peer.item("b", 1).await;
        peer.fail("b", "ran out").await;
        assert!(peer.heard().await.is_empty());
        stage.says(Says::Yes);
        stage.door.open(2);
        let failed = |id, text| {
            format!(
                "completion {id} error An unexpected error occurred invoking 'Sum' on the server. \
                 HubException: {text}"
            )
        };
        let expected = [
            failed("1", "Failed to bind Stream message."),
            failed("2", "ran out"),
        ];
        assert_eq!(peer.heard().await, expected);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

/// As for calls without a policy, whose items come after that.
#[tokio::test(start_paused = true)]
async fn the_items_of_an_allowed_call_are_decoded_only_if_its_method_runs() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.stream("1", "Collect", &[], &["a"]).await;
        peer.item("a", 4401).await;
        peer.upload("2", "Double", &[], &["b"]).await;
        peer.item("b", 4402).await;
        peer.upload("3", "Collect", &[], &["c", "d"]).await;
        peer.item("c", 4403).await;
        peer.stream("4", "Double", &[], &["e", "f"]).await;
        peer.item("e", 4404).await;
        assert!(peer.heard().await.is_empty());
        stage.says(Says::Yes);
        stage.door.open(4);
        let streams = |method| {
            format!(
                "An unexpected error occurred invoking '{method}' on the server. \
                 HubException: Client sent 2 stream(s), Hub method expects 1."
            )
        };
        let expected = [
            "completion 1 error The client attempted to invoke the non-streaming 'Collect' method \
             with a streaming invocation."
                .to_owned(),
            "completion 2 error The client attempted to invoke the streaming 'Double' method with \
             a non-streaming invocation."
                .to_owned(),
            format!("completion 3 error {}", streams("Collect")),
            format!("completion 4 error {}", streams("Double")),
        ];
        assert_eq!(peer.heard().await, expected);
        let decoded = |number: &u32| was_decoded(*number);
        assert_eq!((4401..=4404).find(decoded), None);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

/// The client has ended its stream before the policy allowed the call, so its id is free.
/// The client may use the id again before the policy has decided, too: neither call takes the
/// other's stream for its own.
#[tokio::test(start_paused = true)]
async fn the_id_of_a_stream_that_has_ended_is_free_while_a_policy_decides() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.upload("1", "Hold", &[], &["a"]).await;
        peer.item("a", 7).await;
        peer.end("a").await;
        peer.upload("2", "Sum", &[], &["a"]).await;
        peer.item("a", 5).await;
        assert!(peer.heard().await.is_empty());
        stage.says(Says::Yes);
        stage.door.open(2);
        assert!(peer.heard().await.is_empty());
        peer.item("a", 6).await;
        peer.end("a").await;
        assert_eq!(peer.heard().await, ["completion 2 result 11"]);
        stage.log.take();
        stage.gate.open(1);
        assert!(peer.heard().await.is_empty());
        assert_eq!(stage.log.take(), ["Some(Some(7))"]);
        drop(peer);
        settle().await;
        stage.server.signalr.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_stream_that_has_ended_meanwhile_is_free_while_its_call_runs() {
    for protocol in PROTOCOLS {
        let stage = Stage::new();
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.upload("1", "Hold", &[], &["a"]).await;
        peer.item("a", 7).await;
        peer.end("a").await;
        assert!(peer.heard().await.is_empty());
        stage.says(Says::Yes);
        stage.door.open(1);
        assert!(peer.heard().await.is_empty());
        peer.upload("2", "Sum", &[], &["a"]).await;
        peer.item("a", 5).await;
        peer.end("a").await;
        assert_eq!(peer.heard().await, ["completion 2 result 5"]);
        stage.log.take();
        stage.gate.open(1);
        assert!(peer.heard().await.is_empty());
        assert_eq!(stage.log.take(), ["Some(Some(7))"]);
        drop(peer);
        settle().await;
        stage.server.signalr.shutdown().await;
    }
}
