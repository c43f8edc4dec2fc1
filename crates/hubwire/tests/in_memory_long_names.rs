//! Names and ids that a client makes long cost it the connection, or are cut, and nothing is held for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "in_memory/support.rs"]
mod support;

use futures_util::{Stream, stream};
use hubwire::hub;
use hubwire::testing::TestClient;
use serde_json::json;
use support::*;

const KIB: usize = 1024;

struct NamesHub;

#[hub]
impl NamesHub {
    fn two(&self) -> impl Stream<Item = u64> + use<> {
        stream::iter(0..2)
    }

    fn nothing(&self) {}
}

/// JSON makes six characters of each of these.
fn name(length: usize) -> String {
    "\u{7f}".repeat(length)
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_reads_stop_the_reader_whatever_they_repeat() {
    let server = TestServer::new(NamesHub);
    let client = TestClient::connect_pulled(&server.endpoint).await;
    let mut client = client.unwrap();
    client.leave();
    for _ in 0..400 {
        let name = name(30_000);
        let call = client.start(&name, ());
        if tokio::time::timeout(seconds(1), call).await.is_err() {
            break;
        }
    }
    let held = server.signalr.statistics().outbound_memory;
    assert!((60 * KIB..72 * KIB).contains(&held), "{held} bytes");
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_name_in_an_error_is_cut() {
    let server = TestServer::new(NamesHub);
    let mut client = server.connect().await;
    for (length, shown) in [(256, name(256)), (257, name(256) + "...")] {
        let error = client.invoke(&name(length), ()).await.unwrap();
        let expected = format!(
            "Failed to invoke '{shown}' due to an error on the server. HubException: Method does not exist."
        );
        assert_eq!(error, Err(expected));
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_of_more_than_256_bytes_ends_the_connection() {
    let server = TestServer::new(NamesHub);
    for (message_type, target) in [(1, "Nothing"), (4, "Two")] {
        let mut client = server.connect().await;
        let call = |length| {
            let id = name(length);
            json!({"type": message_type, "invocationId": id, "target": target, "arguments": []})
        };
        client.send_record(&call(256)).await.unwrap();
        client.completion(&name(256)).await.unwrap().unwrap();
        // The items of the stream.
        heard_within(&mut client, seconds(1)).await;
        client.send_record(&call(257)).await.unwrap();
        let error = "Connection closed with an error.";
        let close = json!({"type": 7, "error": error, "allowReconnect": true});
        assert_closed_with(&mut client, close).await;
    }
    server.leaves_nothing_behind().await;
}
