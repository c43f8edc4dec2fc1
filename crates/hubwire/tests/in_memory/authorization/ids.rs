//! The ids of calls about which a policy has yet to decide.

use serde_json::json;

use super::*;

const IN_USE: &str = "completion 1 error Invocation ID '1' is already in use.";

/// Whether the method runs already makes no difference.
#[tokio::test(start_paused = true)]
async fn the_id_of_a_stream_is_in_use_while_a_policy_decides() {
    for protocol in PROTOCOLS {
        for says in [Says::Yes, Says::NotYet] {
            let stage = Stage::new();
            stage.says(says);
            let mut peer = stage.connect(&["Cook"], protocol).await;
            peer.stream("1", "Double", &[], &["a"]).await;
            assert!(peer.heard().await.is_empty());
            peer.stream("1", "Double", &[], &["b"]).await;
            assert_eq!(peer.heard().await, [IN_USE], "{says:?}");
            peer.stream("1", "Steps", &[], &[]).await;
            assert_eq!(peer.heard().await, [IN_USE], "{says:?}");
            // Ids of other calls need not be distinct.
            peer.invoke("1", "Echo", &[json!("x")]).await;
            peer.upload("1", "Taste", &[], &["b"]).await;
            peer.end("b").await;
            let expected = ["completion 1 result \"x\"", "completion 1 result 0"];
            assert_eq!(peer.heard().await, expected);
            stage.says(Says::Yes);
            stage.door.open(1);
            peer.item("a", 3).await;
            assert_eq!(peer.heard().await, ["item 1 6"]);
            peer.stream("1", "Steps", &[], &[]).await;
            assert_eq!(peer.heard().await, [IN_USE]);
            peer.end("a").await;
            assert_eq!(peer.heard().await, ["completion 1 end"]);
            peer.stream("1", "Steps", &[], &[]).await;
            let expected = ["item 1 0", "item 1 1", "completion 1 end"];
            assert_eq!(peer.heard().await, expected);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_stream_that_a_policy_does_not_allow_is_free() {
    for protocol in PROTOCOLS {
        for says in [Says::No, Says::Fails, Says::Panics] {
            let stage = Stage::new();
            stage.says(Says::NotYet);
            let mut peer = stage.connect(&["Cook"], protocol).await;
            peer.stream("1", "Count", &[json!(1)], &[]).await;
            peer.stream("1", "Count", &[json!(1)], &[]).await;
            assert_eq!(peer.heard().await, [IN_USE]);
            stage.says(says);
            stage.door.open(1);
            assert_eq!(peer.heard().await.len(), 1);
            peer.stream("1", "Steps", &[], &[]).await;
            assert_eq!(peer.heard().await.len(), 3);
            stage.says(Says::NotYet);
            peer.stream("1", "Count", &[json!(1)], &[]).await;
            peer.cancel("1").await;
            assert_eq!(peer.heard().await, ["completion 1 end"]);
            peer.stream("1", "Steps", &[], &[]).await;
            assert_eq!(peer.heard().await.len(), 3);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_wait_for_a_policy_count_as_streams() {
    for protocol in PROTOCOLS {
        for says in [Says::Yes, Says::NotYet] {
            let stage = Stage::with(|hub| hub.maximum_parallel_streams_per_client(1));
            stage.says(says);
            let mut peer = stage.connect(&["Cook"], protocol).await;
            peer.stream("1", "Double", &[], &["a"]).await;
            peer.stream("2", "Steps", &[], &[]).await;
            peer.stream("3", "Count", &[json!(1)], &[]).await;
            let too_many = |id, method| {
                format!(
                    "completion {id} error An unexpected error occurred invoking '{method}' on the \
                     server. HubException: A connection has at most 1 streams at a time."
                )
            };
            let expected = [too_many("2", "Steps"), too_many("3", "Count")];
            assert_eq!(peer.heard().await, expected, "{says:?}");
            stage.says(Says::Yes);
            stage.door.open(1);
            peer.end("a").await;
            assert_eq!(peer.heard().await, ["completion 1 end"]);
            peer.stream("3", "Count", &[json!(1)], &[]).await;
            assert_eq!(peer.heard().await, ["item 3 0", "completion 3 end"]);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}
