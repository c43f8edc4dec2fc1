//! Each piece of a message costs as much as its own bytes, not as much as the bytes received before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hubwire::hub;
use hubwire::testing::{Received, TestClient};
use serde_json::json;
use test_support::each_event::EachEvent;
use test_support::in_memory::*;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

const SIZE: usize = 32 * 1024;

struct EchoHub;

#[hub]
impl EchoHub {
    pub fn echo(&self, text: String) -> usize {
        text.len()
    }
}

/// Sums how many bytes were searched for an incomplete message or for a handshake.
struct Searched<'a>(&'a AtomicUsize);

impl Visit for Searched<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "searched" {
            self.0.fetch_add(value as usize, Ordering::Relaxed);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

async fn send_in_pieces(client: &mut TestClient, text: &str) {
    for piece in text.as_bytes().chunks(7) {
        client.send_bytes(piece).await.unwrap();
        // Makes each piece a separate read.
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn searched_bytes_are_not_searched_again() {
    let searched = Arc::<AtomicUsize>::default();
    let sum = Arc::clone(&searched);
    let each_event = EachEvent {
        level: Level::TRACE,
        hand_on: move |event: &Event<'_>| event.record(&mut Searched(&sum)),
    };
    let _guard = each_event.listen();
    let server = TestServer::with(EchoHub, |options| {
        options
            .maximum_receive_message_size(Some(2 * SIZE))
            .handshake_timeout(seconds(60))
    });
    let padding = "x".repeat(SIZE);
    let handshake = format!("{{\"x\":\"{padding}\",\"protocol\":\"json\",\"version\":1}}\u{1e}");
    let call = "\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\"";
    let call = format!("{{{call},\"arguments\":[\"{padding}\"]}}\u{1e}");

    let mut client = server.open();
    send_in_pieces(&mut client, &handshake).await;
    assert_eq!(message(&mut client).await, json!({}));
    let count = searched.swap(0, Ordering::Relaxed);
    assert!(
        (SIZE..3 * SIZE).contains(&count),
        "{count} bytes for a handshake"
    );

    send_in_pieces(&mut client, &call).await;
    let completion = json!({"type": 3, "invocationId": "1", "result": SIZE});
    assert_eq!(next(&mut client).await, Received::Message(completion));
    let count = searched.swap(0, Ordering::Relaxed);
    assert!((1..3 * SIZE).contains(&count), "{count} bytes for a call");
    drop(client);
    server.leaves_nothing_behind().await;
}
