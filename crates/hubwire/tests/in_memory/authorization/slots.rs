//! The order of calls: refusals and policies take their turns.

use std::num::NonZeroUsize;

use serde_json::json;

use super::*;

fn parallel(count: usize) -> Stage {
    let count = NonZeroUsize::new(count).unwrap();
    Stage::with(|hub| hub.maximum_parallel_invocations_per_client(count))
}

#[tokio::test(start_paused = true)]
async fn a_refusal_waits_for_a_slot_unless_the_call_takes_none() {
    for protocol in PROTOCOLS {
        for slots in [1, 3] {
            let stage = parallel(slots);
            let mut peer = stage.connect(&[], protocol).await;
            for slot in 0..slots {
                peer.invoke(&format!("wait{slot}"), "Wait", &[]).await;
            }
            peer.stream("a", "Steps", &[], &[]).await;
            peer.upload("b", "Taste", &[], &["s"]).await;
            let at_once = [unauthorized("a", "Steps"), unauthorized("b", "Taste")];
            assert_eq!(peer.heard().await, at_once);
            peer.invoke("c", "Cook", &[]).await;
            peer.invoke("d", "Echo", &[json!("last")]).await;
            assert!(peer.heard().await.is_empty());
            stage.gate.open(1);
            let expected = [
                "completion wait0 result null".to_owned(),
                unauthorized("c", "Cook"),
                "completion d result \"last\"".to_owned(),
            ];
            assert_eq!(peer.heard().await, expected, "{slots}");
            stage.gate.open(slots);
            assert_eq!(peer.heard().await.len(), slots - 1);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_asked_in_the_slot_of_its_call_and_the_method_keeps_it() {
    for protocol in PROTOCOLS {
        for says in [Says::Yes, Says::No, Says::Fails] {
            let stage = parallel(1);
            stage.says(Says::NotYet);
            let mut peer = stage.connect(&[], protocol).await;
            peer.invoke("1", "Wait", &[]).await;
            peer.invoke("2", "Enter", &[json!(1)]).await;
            peer.invoke("3", "Enter", &[json!(2)]).await;
            peer.invoke("4", "Echo", &[json!("last")]).await;
            assert!(peer.heard().await.is_empty() && stage.log.take().is_empty());
            stage.gate.open(1);
            assert_eq!(peer.heard().await, ["completion 1 result null"]);
            stage.says(says);
            stage.door.open(1);
            let answer = |id, result| match says {
                Says::Yes => format!("completion {id} result {result}"),
                Says::No => unauthorized(id, "Enter"),
                _ => failed_to_invoke(id, "Enter"),
            };
            let expected = [
                answer("2", "1"),
                answer("3", "2"),
                "completion 4 result \"last\"".to_owned(),
            ];
            assert_eq!(peer.heard().await, expected);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_policies_are_asked_as_there_are_slots() {
    let stage = parallel(3);
    stage.says(Says::NotYet);
    let mut peer = stage.connect(&[], HubProtocol::Json).await;
    for id in ["1", "2", "3", "4"] {
        peer.invoke(id, "Enter", &[json!(1)]).await;
    }
    assert!(peer.heard().await.is_empty());
    stage.says(Says::No);
    stage.door.open(1);
    // The fourth finds the door decided.
    let expected = [unauthorized("1", "Enter"), unauthorized("4", "Enter")];
    assert_eq!(peer.heard().await, expected);
    stage.door.open(2);
    let expected = [unauthorized("2", "Enter"), unauthorized("3", "Enter")];
    assert_eq!(peer.heard().await, expected);
    // All slots are free again, and no more.
    for id in ["1", "2", "3", "4"] {
        peer.invoke(id, "Wait", &[]).await;
    }
    peer.invoke("5", "Echo", &[json!("x")]).await;
    assert!(peer.heard().await.is_empty());
    stage.gate.open(1);
    assert_eq!(peer.heard().await, ["completion 1 result null"]);
    stage.gate.open(1);
    let expected = ["completion 2 result null", "completion 5 result \"x\""];
    assert_eq!(peer.heard().await, expected);
    stage.gate.open(2);
    peer.heard().await;
    drop(peer);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn other_calls_overtake_the_policies_of_streams() {
    for protocol in PROTOCOLS {
        let stage = parallel(1);
        stage.says(Says::NotYet);
        let mut peer = stage.connect(&[], protocol).await;
        peer.stream("1", "Count", &[json!(1)], &[]).await;
        peer.upload("2", "Sum", &[], &["s"]).await;
        peer.invoke("3", "Echo", &[json!("x")]).await;
        assert_eq!(peer.heard().await, ["completion 3 result \"x\""]);
        stage.says(Says::Yes);
        stage.door.open(2);
        peer.end("s").await;
        let mut heard = peer.heard().await;
        heard.sort();
        let expected = ["completion 1 end", "completion 2 result 0", "item 1 0"];
        assert_eq!(heard, expected);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

/// The slot is given back so that the answer can be read, even if another call waits.
#[tokio::test(start_paused = true)]
async fn a_policy_can_invoke_its_client() {
    for protocol in PROTOCOLS {
        for admitted in [true, false] {
            let stage = parallel(1);
            let mut peer = stage.connect(&[], protocol).await;
            peer.invoke("1", "Ring", &[]).await;
            peer.invoke("2", "Wait", &[]).await;
            peer.invoke("3", "Echo", &[json!("x")]).await;
            assert_eq!(peer.heard().await, ["asked s1 Ask"]);
            stage.gate.open(1);
            let expected = ["completion 2 result null", "completion 3 result \"x\""];
            assert_eq!(peer.heard().await, expected);
            peer.invoke("4", "Wait", &[]).await;
            peer.answer("s1", admitted).await;
            if admitted {
                // The method runs without a slot, so that the answer to it can be read too.
                assert_eq!(peer.heard().await, ["asked s2 Ask"]);
                peer.answer("s2", 7).await;
                assert_eq!(peer.heard().await, ["completion 1 result 7"]);
            } else {
                assert_eq!(peer.heard().await, [unauthorized("1", "Ring")]);
            }
            // There is still one slot.
            peer.invoke("5", "Echo", &[json!("x")]).await;
            assert!(peer.heard().await.is_empty());
            stage.gate.open(1);
            let expected = ["completion 4 result null", "completion 5 result \"x\""];
            assert_eq!(peer.heard().await, expected);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn policies_count_as_running_calls() {
    let stage = Stage::with(|hub| hub.maximum_running_calls_per_client(2));
    stage.says(Says::NotYet);
    let mut peer = stage.connect(&[], HubProtocol::Json).await;
    for id in ["1", "2", "3"] {
        peer.stream(id, "Count", &[json!(0)], &[]).await;
    }
    let expected = "completion 3 error An unexpected error occurred invoking 'Count' on the server. \
                    HubException: A connection has at most 2 running calls at a time.";
    assert_eq!(peer.heard().await, [expected]);
    stage.says(Says::Yes);
    stage.door.open(2);
    let mut heard = peer.heard().await;
    heard.sort();
    assert_eq!(heard, ["completion 1 end", "completion 2 end"]);
    drop(peer);
    stage.server.leaves_nothing_behind().await;
}
