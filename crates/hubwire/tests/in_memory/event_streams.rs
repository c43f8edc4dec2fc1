//! Server-Sent Events, without sockets.

use hubwire::Statistics;
use hubwire::testing::Received;
use serde_json::json;
use test_support::http_client::{HttpClient, messages};
use test_support::in_memory::*;
use tokio::time::{Instant, timeout};

use crate::http_stage::{Stage, call, completed, send, text};

const KIB: usize = 1024;

#[tokio::test(start_paused = true)]
async fn calls_streams_and_pushes_arrive_as_events() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    client.post(call("1", "Echo", &json!(["é\n"]))).await;
    assert_eq!(events.message().await, completed("1", "é\n"));
    client.post(call("2", "Transport", &json!([]))).await;
    assert_eq!(events.message().await, completed("2", "ServerSentEvents"));
    let stream = json!({"type": 4, "invocationId": "3", "target": "Items", "arguments": [3]});
    client.post(format!("{stream}\u{1e}")).await;
    for number in 0..3 {
        let item = events.message().await;
        assert_eq!(item["item"], format!("{number:01024}"));
    }
    assert_eq!(
        events.message().await,
        json!({"type": 3, "invocationId": "3"})
    );
    it.broadcast("to all").await;
    assert_eq!(events.message().await, text("to all"));
    drop(events);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_queued_for_one_round_is_one_chunk() {
    let it = Stage::new();
    let (_client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    for number in 0..100 {
        it.broadcast(&number.to_string()).await;
    }
    settle().await;
    let chunk = events.next_chunk().await.unwrap();
    let data = String::from_utf8(chunk.to_vec()).unwrap();
    let events: Vec<_> = data.split_terminator("\r\n\r\n").collect();
    assert_eq!(events.len(), 100);
    for (number, event) in events.into_iter().enumerate() {
        let record = event.strip_prefix("data: ").unwrap();
        assert_eq!(messages(record), [text(&number.to_string())]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_is_unknown_as_soon_as_its_event_stream_is_gone() {
    let it = Stage::new();
    let (client, events) = HttpClient::start_event_stream(&it.endpoint).await;
    client.post(call("1", "Wait", &json!([]))).await;
    settle().await;
    drop(events);
    // The hub has not been told yet.
    let unknown = "No Connection with that ID";
    client
        .post("x")
        .await
        .assert_is(404, Some("text/plain"), unknown);
    client
        .delete()
        .await
        .assert_is(404, Some("text/plain"), unknown);
    client
        .poll()
        .await
        .assert_is(404, Some("text/plain"), unknown);
    assert_eq!(client.get_event_stream().await.status(), 404);
    settle().await;
    assert_eq!(it.log.take(), ["transport closed"]);
    it.gate.open(1);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_posted_before_the_stream_ended_is_still_run() {
    let it = Stage::new();
    let (client, events) = HttpClient::start_event_stream(&it.endpoint).await;
    client.post(call("1", "Wait", &json!([]))).await;
    for number in 0..3 {
        client
            .post(send("Note", &json!([format!("note {number}")])))
            .await;
    }
    drop(events);
    settle().await;
    assert_eq!(it.log.take(), [""; 0]);
    it.gate.open(1);
    settle().await;
    assert_eq!(
        it.log.take(),
        ["note 0", "note 1", "note 2", "transport closed"]
    );
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_belongs_to_one_event_stream() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    assert_eq!(client.get_event_stream().await.status(), 409);
    let other = "Cannot change transports mid-connection";
    client
        .poll()
        .await
        .assert_is(400, Some("text/plain"), other);
    let refused = "Cannot terminate this connection using the DELETE endpoint.";
    client
        .delete()
        .await
        .assert_is(400, Some("text/plain"), refused);
    client.post(call("1", "Echo", &json!(["after"]))).await;
    assert_eq!(events.message().await, completed("1", "after"));
}

#[tokio::test(start_paused = true)]
async fn a_binary_protocol_is_refused() {
    let it = Stage::new();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let mut events = client.open_event_stream().await;
    client
        .post("{\"protocol\":\"messagepack\",\"version\":1}\u{1e}")
        .await;
    let refusal = "Cannot use the 'messagepack' protocol on the current transport. \
        The transport does not support 'Binary' transfer format.";
    assert_eq!(events.message().await, json!({"error": refusal}));
    assert_eq!(events.next().await, None);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_last_message_comes_before_the_end() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    client.post(send("Abort", &json!([]))).await;
    assert_eq!(events.message().await, json!({"type": 7}));
    assert_eq!(events.next().await, None);
    it.ended("aborted by the hub").await;
    client
        .post("x")
        .await
        .assert_is(404, Some("text/plain"), "No Connection with that ID");

    let (_client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let shutdown = async {
        it.server.signalr.shutdown().await;
    };
    let read = async {
        let close = json!({"type": 7, "allowReconnect": true});
        assert_eq!(events.message().await, close);
        assert_eq!(events.next().await, None);
    };
    tokio::join!(shutdown, read);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_server_pings_and_hears_the_pings_of_its_client() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let ping = json!({"type": 6});
    let began = Instant::now();
    client.post(format!("{ping}\u{1e}")).await;
    assert_eq!(events.message().await, ping);
    assert_elapsed(began, 14.0..=16.1);
    // A client that has pinged and then falls silent is timed out.
    let mut last = events.message().await;
    while last == ping {
        last = events.message().await;
    }
    assert_eq!(last["error"], "Connection closed with an error.");
    assert_elapsed(began, 29.9..=31.1);
    assert_eq!(events.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_never_read_is_let_go_and_delays_nobody() {
    let it = Stage::new();
    let (client, events) = HttpClient::start_event_stream(&it.endpoint).await;
    let (_other, mut read) = HttpClient::start_event_stream(&it.endpoint).await;
    let began = Instant::now();
    it.broadcast("unread").await;
    assert_eq!(read.message().await, text("unread"));
    assert_elapsed(began, 0.0..=0.0);
    pass(seconds(59)).await;
    assert_eq!(it.log.take(), [""; 0]);
    pass(seconds(3)).await;
    assert_eq!(
        it.log.take(),
        ["The client did not read what was sent to it."]
    );
    client
        .post("x")
        .await
        .assert_is(404, Some("text/plain"), "No Connection with that ID");
    drop(events);
    drop(read);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_loses_nothing() {
    let it = Stage::new();
    let (_client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let long = "x".repeat(16 * KIB);
    for _ in 0..60 {
        it.broadcast(&long).await;
    }
    // 16 KiB in ten seconds are 96 KiB in the minute for which 64 KiB are required.
    for _ in 0..60 {
        pass(seconds(10)).await;
        let mut message = events.message().await;
        while message == json!({"type": 6}) {
            message = events.message().await;
        }
        assert_eq!(message, text(&long));
    }
    drop(events);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn beyond_the_hard_bound_a_stream_is_let_go() {
    let it = Stage::with(
        |hub| {
            hub.outbound_buffer_size(64 * KIB)
                .maximum_outbound_buffer_size(96 * KIB)
        },
        |endpoint| endpoint,
    );
    let (_client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    for _ in 0..400 {
        it.broadcast(&"x".repeat(KIB)).await;
    }
    settle().await;
    assert_eq!(
        it.log.take(),
        ["The client did not read what was sent to it."]
    );
    assert_eq!(events.next().await, None);
    it.server.leaves_nothing_behind().await;
}

/// Each client's broadcast costs a reference, whatever its transport.
#[tokio::test(start_paused = true)]
async fn a_broadcast_to_all_transports_is_held_once_for_each_format() {
    let it = Stage::new();
    let before = it.server.signalr.statistics();
    let mut streams = Vec::new();
    let mut pollers = Vec::new();
    for _ in 0..10 {
        streams.push(HttpClient::start_event_stream(&it.endpoint).await);
        pollers.push(HttpClient::start_polling(&it.endpoint).await);
    }
    let mut web_socket = it.server.connect().await;
    let long = "x".repeat(100 * KIB);
    it.broadcast(&long).await;
    settle().await;
    let Statistics {
        outbound_memory,
        outbound_messages,
        ..
    } = it.server.signalr.statistics();
    // One is half written to the WebSocket's pipe.
    assert_eq!(outbound_messages, 21);
    // One frame for each of the formats, and an entry for each queue.
    let few = 3 * (100 * KIB + 200) + 21 * 64;
    assert!(
        (200 * KIB..few).contains(&outbound_memory),
        "{outbound_memory}"
    );
    assert_eq!(next(&mut web_socket).await, Received::Message(text(&long)));
    for (_, events) in &mut streams {
        assert_eq!(events.message().await, text(&long));
    }
    for poller in &pollers {
        assert_eq!(poller.poll().await.messages(), [text(&long)]);
        poller.delete().await;
    }
    drop(streams);
    web_socket.close().await.unwrap();
    settle().await;
    assert_eq!(it.server.signalr.statistics(), before);
}

#[tokio::test(start_paused = true)]
async fn posts_before_the_stream_is_opened_are_kept() {
    let it = Stage::new();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let posted = client.post(test_support::http_client::HANDSHAKE).await;
    posted.assert_is(200, Some("text/plain"), "");
    // More than a few kilobytes wait until somebody reads them.
    let long = call("1", "Echo", &json!(["x".repeat(20 * KIB)]));
    let (posted, mut events) = tokio::join!(client.post(long), async {
        settle().await;
        client.open_event_stream().await
    });
    posted.assert_is(200, Some("text/plain"), "");
    assert_eq!(events.message().await, json!({}));
    assert_eq!(
        events.message().await["result"].as_str().unwrap().len(),
        20 * KIB
    );
    drop(events);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_post_to_an_id_that_is_never_opened_ends_with_it() {
    let it = Stage::new();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let began = Instant::now();
    let posted = client.post("x".repeat(20 * KIB)).await;
    posted.assert_is(404, Some("text/plain"), "");
    assert_elapsed(began, 15.0..=16.1);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn another_user_is_refused() {
    let it = Stage::new();
    let ann = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let (bob, nobody) = (ann.as_user(Some("bob")), ann.as_user(None));
    for other in [&bob, &nobody] {
        assert_eq!(other.get_event_stream().await.status(), 403);
    }
    let mut events = ann.open_event_stream().await;
    ann.post(test_support::http_client::HANDSHAKE).await;
    assert_eq!(events.message().await, json!({}));
    for other in [&bob, &nobody] {
        other.post("x").await.assert_is(403, None, "");
        other.delete().await.assert_is(403, None, "");
        other.poll().await.assert_is(403, None, "");
    }
    ann.post(call("1", "User", &json!([]))).await;
    assert_eq!(events.message().await, completed("1", "ann"));

    // Where nobody has negotiated, the user is the one who opens the connection.
    let client = HttpClient::negotiate(&it.endpoint).await;
    let ann = client.as_user(Some("ann"));
    let _events = ann.open_event_stream().await;
    client.post("x").await.assert_is(403, None, "");
    client
        .as_user(Some("bob"))
        .post("x")
        .await
        .assert_is(403, None, "");
    let heard = timeout(seconds(1), ann.post("{")).await.unwrap();
    heard.assert_is(200, Some("text/plain"), "");
}
