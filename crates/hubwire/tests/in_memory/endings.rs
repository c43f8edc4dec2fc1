//! Every end of a connection: what the client receives, and which reason `on_disconnected` gets.

use std::task::Poll;

use futures_util::{Stream, stream};
use hubwire::protocol::Opcode;
use hubwire::testing::{Received, TestClient};
use hubwire::{DisconnectReason, HubCallerContext, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::lifecycle::{Stage, Welcome};

/// Ends a connection, and checks what the client receives and which reason the hook gets.
async fn assert_ending(
    reason: &str,
    received: &[Received],
    end: impl AsyncFnOnce(&mut TestClient, &Stage),
) {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    end(&mut client, &stage).await;
    for expected in received {
        assert_eq!(next(&mut client).await, *expected, "when {reason}");
    }
    // The server may have closed the connection already.
    let _ = client.close().await;
    drop(client);
    settle().await;
    assert_eq!(stage.log.take(), [reason]);
    stage.leaves_nothing_behind().await;
}

fn closed_with(close: Value) -> [Received; 2] {
    [Received::Message(close), Received::Closed(Some(1000))]
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_is_told_that_the_client_closed() {
    let plain = closed_with(json!({"type": 7}));
    assert_ending("ClientClosed", &plain, async |client, _| {
        client.send_record(&json!({"type": 7})).await.unwrap();
    })
    .await;
    assert_ending("ClientFailed(\"oh no\")", &plain, async |client, _| {
        let close = json!({"type": 7, "error": "oh no"});
        client.send_record(&close).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_is_told_that_the_transport_ended() {
    let closed = [Received::Closed(Some(1000))];
    assert_ending("TransportClosed", &closed, async |client, _| {
        client.close().await.unwrap();
    })
    .await;
    let stage = Stage::new(Welcome::Accept);
    drop(stage.connect().await);
    settle().await;
    assert_eq!(stage.log.take(), ["TransportClosed"]);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_is_told_that_the_hub_aborted() {
    let plain = closed_with(json!({"type": 7}));
    assert_ending("Aborted", &plain, async |client, _| {
        client.send("Abort", ()).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_is_told_that_the_client_timed_out() {
    let error = "Connection closed with an error.";
    let failed = closed_with(json!({"type": 7, "error": error, "allowReconnect": true}));
    assert_ending("ClientTimedOut", &failed, async |client, _| {
        ping(client).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_is_told_how_the_client_broke_the_protocol() {
    let error = "Connection closed with an error.";
    let failed = closed_with(json!({"type": 7, "error": error, "allowReconnect": true}));
    let too_long = "The maximum message size of 32768B was exceeded. \
        The message size can be configured in AddHubOptions.";
    let reason = format!(
        "ProtocolViolated {{ type_name: \"InvalidDataException\", message: \"{too_long}\" }}"
    );
    assert_ending(&reason, &failed, async |client, _| {
        client.send_bytes(&[b' '; 32 * 1024 + 1]).await.unwrap();
    })
    .await;
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    client.send_bytes(b"not json\x1e").await.unwrap();
    assert_eq!(next(&mut client).await, failed[0]);
    drop(client);
    settle().await;
    assert!(stage.log.take()[0].starts_with("ProtocolViolated"));
    stage.leaves_nothing_behind().await;
}

const CUT: &str = "ProtocolViolated { type_name: \"InvalidDataException\", \
    message: \"Connection terminated while reading a message.\" }";

#[tokio::test(start_paused = true)]
async fn on_disconnected_is_told_that_the_transport_ended_within_a_message() {
    let stage = Stage::new(Welcome::Accept);
    for says_goodbye in [false, true] {
        let mut client = stage.connect().await;
        client.send_bytes(b"{\"type\":6").await.unwrap();
        if says_goodbye {
            client.close().await.unwrap();
            assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
        }
        drop(client);
        settle().await;
        assert_eq!(stage.log.take(), [CUT]);
    }
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_input_counts_even_if_no_close_can_be_sent() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    client.send_bytes(b"{\"type\":6").await.unwrap();
    client.close().await.unwrap();
    drop(client);
    settle().await;
    assert_eq!(stage.log.take(), [CUT]);
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn on_disconnected_is_told_that_the_client_broke_the_rules_of_web_sockets() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    // This frame is not masked.
    client.send_raw(&[0x81, 0x02, b'{', b'}']).await.unwrap();
    assert_eq!(next(&mut client).await, Received::Closed(Some(1002)));
    drop(client);
    settle().await;
    let reasons = stage.log.take();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].starts_with("TransportViolated"), "{reasons:?}");
    stage.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_ends_at_once_on_disconnected_is_told_one() {
    let stage = Stage::new(Welcome::Accept);
    let mut client = stage.connect().await;
    client.send("Abort", ()).await.unwrap();
    client.send_record(&json!({"type": 7})).await.unwrap();
    send_frame(&mut client, Opcode::Close, &[]).await;
    drop(client);
    pass(seconds(60)).await;
    assert_eq!(stage.log.take(), ["Aborted"]);
    stage.leaves_nothing_behind().await;
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // A second panic would hide the failure of the test.
        assert!(std::thread::panicking(), "secret");
    }
}

struct BombHub {
    log: Log,
}

#[hub]
impl BombHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    /// A stream without items that panics when it is dropped.
    pub fn bomb(&self) -> impl Stream<Item = i32> {
        let bomb = Bomb;
        stream::poll_fn(move |_| {
            let _kept = &bomb;
            Poll::Pending
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_when_the_end_drops_it_does_not_prevent_the_end() {
    let log = Log::default();
    let server = TestServer::new(BombHub { log: log.clone() });
    let mut client = server.connect().await;
    let call = json!({"type": 4, "invocationId": "s", "target": "Bomb", "arguments": []});
    client.send_record(&call).await.unwrap();
    settle().await;
    client.close().await.unwrap();
    assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
    drop(client);
    settle().await;
    assert_eq!(log.take(), ["TransportClosed"]);
    server.leaves_nothing_behind().await;
}
