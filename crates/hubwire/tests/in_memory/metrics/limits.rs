//! Limits of messages, and of the shares of a turn.

use hubwire::options::KeepConnection;
use serde::Deserialize;
use test_support::packed::PackedClient;

use super::*;

/// A value of any depth.
#[derive(Deserialize)]
pub(super) struct Nested(#[expect(dead_code, reason = "only read from the wire")] Vec<Self>);

/// Arrays in arrays.
fn nested(levels: usize) -> Value {
    (1..levels).fold(json!([]), |inner, _| json!([inner]))
}

#[test]
fn limits_of_messages() {
    let hits = hits(async |server, mut client| {
        let id = "i".repeat(257);
        let call = json!({"type": 1, "invocationId": id, "target": "Wait", "arguments": []});
        record(&mut client, call).await;
        assert_eq!(message(&mut client).await["type"], 7);
        drop(client);
        // The message itself is a level, too.
        for (levels, kind) in [(63, 3), (64, 7)] {
            let mut client = server.connect().await;
            let call = json!({"type": 1, "invocationId": "1", "target": "Nest",
                "arguments": nested(levels)});
            record(&mut client, call).await;
            assert_eq!(message(&mut client).await["type"], kind);
        }
        // This is no JSON, and not too deep.
        let mut client = server.connect().await;
        client.send_bytes(b"{\"type\":1,\x1e").await.unwrap();
        assert_eq!(message(&mut client).await["type"], 7);
    });
    assert_counted(&hits, &[("id_size", 1), ("json_nesting", 1)]);
}

#[test]
fn arguments_and_items_in_messagepack_may_not_be_nested_too_deeply() {
    let hits = messagepack_that_is_nested_too_deeply();
    assert_counted(&hits, &[("messagepack_nesting", 2)]);
}

fn messagepack_that_is_nested_too_deeply() -> Vec<(String, u64)> {
    hits(async |server, _| {
        let client = PackedClient::handshaken(server.open()).await;
        let mut client = client.unwrap();
        for (levels, is_bound) in [(490, true), (501, false)] {
            let call = json!({"type": 1, "invocationId": "1", "target": "Nest",
                "arguments": [nested(levels)]});
            client.send_record(&call).await.unwrap();
            assert_eq!(client.completion().await.unwrap().is_ok(), is_bound);
        }
        let call = json!({"type": 1, "invocationId": "2", "target": "Nests", "arguments": [],
            "streamIds": ["s"]});
        client.send_record(&call).await.unwrap();
        let item = json!({"type": 2, "invocationId": "s", "item": nested(501)});
        client.send_record(&item).await.unwrap();
        assert!(client.completion().await.unwrap().is_err());
    })
}

#[test]
fn a_flood_takes_several_turns() {
    let hits = hits(async |_, mut client| {
        let pings = "{\"type\":6}\x1e".repeat(300);
        client.send_bytes(pings.as_bytes()).await.unwrap();
        settle().await;
    });
    assert_counted(&hits, &[("session_turn", 1)]);
}

#[test]
fn a_long_queue_is_written_in_several_turns() {
    let hits = measured("hubwire.limit.hits", async {
        let signalr = SignalR::builder().outbound_turn_size(1_000).build();
        let server = TestServer::on(signalr, MeasuredHub, |hub| hub);
        let mut client = server.connect().await;
        let all = server.context().clients().all();
        all.send("Text", ("x".repeat(9_500),)).await.unwrap();
        message(&mut client).await;
    });
    assert_counted(&hits, &[("outbound_turn_size", 9)]);
}

#[test]
fn a_plain_call_waits_for_the_one_before_it() {
    let hits = hits(async |_, mut client| {
        for _ in 0..3 {
            client.start("Wait", ()).await.unwrap();
        }
        pass(seconds(200)).await;
    });
    assert_counted(&hits, &[("maximum_parallel_invocations_per_client", 2)]);
}

#[test]
fn a_connection_that_its_user_may_not_have_is_counted() {
    for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
        let hits = measured("hubwire.limit.hits", async {
            let server = TestServer::with(MeasuredHub, |hub| hub.one_connection_per_user(keep));
            let mut clients = Vec::new();
            for _ in 0..3 {
                clients.push(server.connect_as("ann").await);
                settle().await;
            }
        });
        assert_counted(&hits, &[("one_connection_per_user", 2)]);
    }
}
