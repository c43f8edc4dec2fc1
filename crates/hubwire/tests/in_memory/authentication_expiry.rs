//! The end of a connection whose user's authentication expires.

use std::time::{Duration, SystemTime};

use hubwire::connections::{ConnectionHandler, HandlerResult, RawConnection};
use hubwire::testing::{ClientTransport, Received, TestClient};
use hubwire::{Principal, SignalR};
use serde_json::{Value, json};
use test_support::http_client::{HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use tokio::time::Instant;

use crate::http_stage::{Stage, call, completed, send};

const EXPIRED: &str = "the user's authentication has expired";

fn goodbye() -> Value {
    json!({"type": 7, "allowReconnect": true})
}

/// Ann, whose authentication is good for this many seconds.
fn ann(good_for: u64) -> Principal {
    #[expect(
        clippy::disallowed_methods,
        reason = "authentication expires at a time of the calendar, which is not paused"
    )]
    let now = SystemTime::now();
    Principal::new([("sub", "ann")]).expiring_at(now + seconds(good_for))
}

fn stage() -> Stage {
    let closing =
        |endpoint: hubwire::HubEndpoint| endpoint.close_on_authentication_expiration(true);
    Stage::with(|hub| hub, closing)
}

async fn says_goodbye<T: ClientTransport>(client: &mut TestClient<T>) {
    assert_eq!(
        client.receive().await.unwrap(),
        Received::Message(goodbye())
    );
    assert_eq!(
        client.receive().await.unwrap(),
        Received::Closed(Some(1000))
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_when_its_authentication_does() {
    let it = stage();
    let begun = Instant::now();
    let mut client = TestClient::connect_as(&it.endpoint, ann(3)).await.unwrap();
    says_goodbye(&mut client).await;
    assert!(begun.elapsed() <= seconds(4), "{:?}", begun.elapsed());
    assert!(begun.elapsed() > seconds(2), "{:?}", begun.elapsed());
    drop(client);
    it.ended(EXPIRED).await;
}

#[tokio::test(start_paused = true)]
async fn a_running_call_does_not_hold_it_up() {
    let it = stage();
    let mut client = TestClient::connect_as(&it.endpoint, ann(3)).await.unwrap();
    client.send("Wait", ()).await.unwrap();
    says_goodbye(&mut client).await;
    drop(client);
    it.gate.open(1);
    it.ended(EXPIRED).await;
}

#[tokio::test(start_paused = true)]
async fn authentication_that_is_good_for_ever_or_that_does_not_count_ends_nothing() {
    let it = stage();
    let forever = Principal::new([("sub", "ann")]);
    let mut one = TestClient::connect_as(&it.endpoint, forever).await.unwrap();
    let off = it
        .endpoint
        .clone()
        .close_on_authentication_expiration(false);
    let mut other = TestClient::connect_as(&off, ann(3)).await.unwrap();
    pass(seconds(20)).await;
    for client in [&mut one, &mut other] {
        assert_eq!(client.invoke("Echo", ("here",)).await.unwrap(), "here");
    }
    drop((one, other));
    settle().await;
    assert_eq!(it.log.take(), ["transport closed", "transport closed"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_already_ends_with_the_next_sweep() {
    let it = stage();
    let begun = Instant::now();
    let mut client = TestClient::open(&it.endpoint, Some(ann(0)));
    let _ = client.receive().await;
    assert!(begun.elapsed() <= seconds(1));
    drop(client);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_has_not_come_by_then_is_canceled() {
    let it = stage();
    let begun = Instant::now();
    let mut client = TestClient::open(&it.endpoint, Some(ann(3)));
    let refusal = json!({"error": "Handshake was canceled."});
    assert_eq!(client.receive().await.unwrap(), Received::Message(refusal));
    assert!(begun.elapsed() <= seconds(3));
    drop(client);
    it.server.leaves_nothing_behind().await;
}

/// A token may be accepted for a while after its time; its client then reconnects, as one that is
/// told at the next sweep.
#[tokio::test(start_paused = true)]
async fn what_has_expired_already_has_time_for_its_handshake() {
    let it = stage();
    let mut client = TestClient::open(&it.endpoint, Some(ann(0)));
    pass(Duration::from_millis(500)).await;
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    assert_eq!(message(&mut client).await, json!({}));
    says_goodbye(&mut client).await;
    drop(client);
    it.ended(EXPIRED).await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_renews_it_before_the_handshake_too() {
    let it = stage();
    let negotiated = HttpClient::negotiate(&it.endpoint).await;
    let client = negotiated.with_principal(ann(3));
    client.poll().await;
    pass(seconds(2)).await;
    let renewed = negotiated.with_principal(ann(60));
    let mut poll = std::pin::pin!(renewed.poll());
    assert!(futures_util::poll!(&mut poll).is_pending());
    pass(seconds(3)).await;
    renewed.post(HANDSHAKE).await;
    assert_eq!(poll.await.body, "{}\u{1e}");
    renewed.delete().await;
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_ends_with_a_close() {
    let it = stage();
    let client = HttpClient::negotiate(&it.endpoint)
        .await
        .with_principal(ann(3));
    let mut events = client.open_event_stream().await;
    client.post(HANDSHAKE).await;
    assert_eq!(events.next().await.as_deref(), Some("{}\u{1e}"));
    // A POST with a new token is no new opening.
    client
        .with_principal(ann(60))
        .post(call("1", "Echo", &json!(["x"])))
        .await;
    assert_eq!(events.message().await, completed("1", "x"));
    assert_eq!(events.message().await, goodbye());
    assert_eq!(events.next().await, None);
    drop(events);
    it.ended(EXPIRED).await;
}

#[tokio::test(start_paused = true)]
async fn each_poll_renews_it_and_a_held_one_is_told_of_the_end() {
    let it = stage();
    let client = HttpClient::negotiate(&it.endpoint)
        .await
        .with_principal(ann(3));
    client.shake_hands().await;
    for _ in 0..5 {
        pass(seconds(2)).await;
        let client = client.with_principal(ann(3));
        client.post(call("1", "Echo", &json!(["x"]))).await;
        assert_eq!(client.poll().await.messages(), [completed("1", "x")]);
    }
    let begun = Instant::now();
    let last = client.with_principal(ann(3));
    assert_eq!(last.poll().await.messages(), [goodbye()]);
    assert!(begun.elapsed() <= seconds(4));
    assert_eq!(last.poll().await.status, 204);
    it.ended(EXPIRED).await;
}

/// Only POSTs come, which do not count as openings, and then a poll.
#[tokio::test(start_paused = true)]
async fn between_two_polls_it_ends_too_and_the_next_poll_is_told() {
    let it = stage();
    let client = HttpClient::negotiate(&it.endpoint)
        .await
        .with_principal(ann(3));
    client.shake_hands().await;
    for _ in 0..2 {
        pass(seconds(1)).await;
        let other = client.with_principal(ann(60));
        assert_eq!(other.post(send("Note", &json!(["x"]))).await.status, 200);
    }
    pass(seconds(3)).await;
    assert_eq!(it.log.take(), ["x", "x", EXPIRED]);
    let last = client.with_principal(ann(60)).poll().await.messages();
    assert_eq!(last.last(), Some(&goodbye()));
    assert_eq!(client.poll().await.status, 204);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn who_negotiates_does_not_count() {
    let it = stage();
    let client = HttpClient::negotiate_as(&it.endpoint, Some("ann")).await;
    let mut events = client.with_principal(ann(3)).open_event_stream().await;
    client.post(HANDSHAKE).await;
    assert_eq!(events.next().await.as_deref(), Some("{}\u{1e}"));
    assert_eq!(events.message().await, goodbye());
    drop(events);
    it.ended(EXPIRED).await;
}

struct Echo(Log);

impl ConnectionHandler for Echo {
    async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
        while connection.receive().await.is_some() {}
        self.0.note("the handler has ended");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_raw_connection_ends_as_well() {
    let (signalr, log) = (SignalR::new(), Log::default());
    let echo = signalr
        .connection_handler(Echo(log.clone()))
        .close_on_authentication_expiration(true);
    let client = HttpClient::negotiate(&echo).await.with_principal(ann(3));
    let mut events = client.open_event_stream().await;
    assert_eq!(events.next_chunk().await, None);
    drop(events);
    settle().await;
    assert_eq!(log.take(), ["the handler has ended"]);
    assert_eq!(signalr.statistics(), hubwire::Statistics::default());
}
