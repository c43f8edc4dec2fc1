//! POST: back-pressure, bodies in pieces, bodies that fail.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use serde_json::json;
use test_support::http_client::{Answer, HttpClient};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;

use crate::http_stage::{Stage, call, completed, send};

const KIB: usize = 1024;
const PLAIN: Option<&str> = Some("text/plain");

/// A body of this many copies of a record, one after another, and how many were taken so far.
fn endless(record: String, count: usize) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&taken);
    let record = Bytes::from(record);
    let records = stream::iter(0..count).map(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(record.clone())
    });
    (Body::from_stream(records), taken)
}

#[tokio::test(start_paused = true)]
async fn a_post_waits_while_the_hub_is_busy_and_holds_no_more_than_its_share() {
    let it = Stage::with(
        |hub| hub,
        |endpoint| endpoint.application_maximum_buffer_size(16 * KIB),
    );
    let client = HttpClient::start_polling(&it.endpoint).await;
    client.post(call("1", "Wait", &json!([]))).await;
    let (body, taken) = endless(send("Echo", &json!(["x".repeat(KIB)])), 1_000);
    let posting = client.clone();
    let mut posts = JoinSet::new();
    posts.spawn(async move { posting.post(body).await });
    settle().await;
    let held = taken.load(Ordering::Relaxed);
    // 16 KiB and at most one read with the session, 4 KiB in the pipe, and the piece that does
    // not fit.
    assert!((17..=25).contains(&held), "{held} KiB");
    assert!(posts.try_join_next().is_none());

    // A poll runs all the same.
    it.broadcast("meanwhile").await;
    assert_eq!(client.poll().await.messages().len(), 1);

    it.gate.open(1);
    let answer = posts.join_next().await.unwrap().unwrap();
    answer.assert_is(200, PLAIN, "");
    assert_eq!(taken.load(Ordering::Relaxed), 1_000);
    assert_eq!(client.poll().await.messages(), [completed("1", "waited")]);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_megabytes_pass_through() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let record = send("Echo", &json!(["x".repeat(31 * KIB)]));
    let count = 100 * 1024 * KIB / record.len() + 1;
    let (body, taken) = endless(record, count);
    client.post(body).await.assert_is(200, PLAIN, "");
    assert_eq!(taken.load(Ordering::Relaxed), count);
    client.post(call("1", "Echo", &json!(["after"]))).await;
    assert_eq!(events.message().await, completed("1", "after"));
}

/// A body is bounded by the silence in it, not by its time: only requests of its own connection wait for it.
#[tokio::test(start_paused = true)]
async fn a_hundred_megabytes_may_trickle_and_later_posts_wait() {
    let it = Stage::with(
        |hub| hub,
        |endpoint| endpoint.disconnect_timeout(seconds(100_000)),
    );
    let client = HttpClient::start_polling(&it.endpoint).await;
    let piece = Bytes::from(send("Echo", &json!(["x".repeat(31 * KIB)])).repeat(33));
    let count = 101;
    assert!(count * piece.len() > 100 * 1024 * KIB);
    let trickle = stream::iter(0..count).then(move |_| {
        let piece = piece.clone();
        async move {
            pass(seconds(29)).await;
            Ok::<_, Infallible>(piece)
        }
    });
    let began = Instant::now();
    let (trickled, posted) = tokio::join!(client.post(Body::from_stream(trickle)), async {
        settle().await;
        client.post(call("1", "Echo", &json!(["after"]))).await
    });
    trickled.assert_is(200, PLAIN, "");
    posted.assert_is(200, PLAIN, "");
    assert_elapsed(began, 29.0 * 101.0..=29.0 * 101.0 + 0.1);
    assert_eq!(client.poll().await.messages(), [completed("1", "after")]);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_come_byte_by_byte_and_a_message_in_several_posts() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let record = call("1", "Echo", &json!(["byte by byte"]));
    let bytes: Vec<_> = record.bytes().map(|byte| Bytes::from(vec![byte])).collect();
    let trickle = stream::iter(bytes).then(|byte| async {
        pass(Duration::from_millis(500)).await;
        Ok::<_, Infallible>(byte)
    });
    let posted = client.post(Body::from_stream(trickle)).await;
    posted.assert_is(200, PLAIN, "");
    let mut message = events.message().await;
    while message == json!({"type": 6}) {
        message = events.message().await;
    }
    assert_eq!(message, completed("1", "byte by byte"));

    let record = call("2", "Echo", &json!(["in parts"]));
    let (first, second) = record.split_at(10);
    client
        .post(first.to_owned())
        .await
        .assert_is(200, PLAIN, "");
    client.post("").await.assert_is(200, PLAIN, "");
    client
        .post(second.to_owned())
        .await
        .assert_is(200, PLAIN, "");
    assert_eq!(events.message().await, completed("2", "in parts"));
}

/// Not only `serve` ends it.
#[tokio::test(start_paused = true)]
async fn a_request_in_chunks_is_the_last_of_its_http_connection() {
    let it = Stage::new();
    let closes = |response: Response<Body>| {
        let connection = response.headers().get("connection").cloned();
        connection.is_some_and(|connection| connection == "close")
    };
    for (method, origin, status) in [
        ("GET", "http://hub.example", 400),
        ("POST", "http://hub.example", 400),
        ("DELETE", "http://hub.example", 400),
        ("PUT", "http://hub.example", 405),
        ("POST", "http://evil.example", 403),
    ] {
        for is_chunked in [false, true] {
            let request = || {
                let mut request = Request::builder()
                    .method(method)
                    .uri("/hub")
                    .header("Host", "hub.example")
                    .header("Origin", origin);
                if is_chunked {
                    request = request.header("Transfer-Encoding", "chunked");
                }
                request.body(Body::empty()).unwrap()
            };
            let response = it.endpoint.clone().oneshot(request()).await.unwrap();
            assert_eq!(response.status(), status, "{method} {origin}");
            assert_eq!(closes(response), is_chunked, "{method} {origin}");
            let response = it.endpoint.negotiate().oneshot(request()).await.unwrap();
            assert_eq!(closes(response), is_chunked, "{method} {origin}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn posts_are_read_one_after_another() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let record = call("1", "Echo", &json!(["first"]));
    let halves = [record[..10].to_owned(), record[10..].to_owned()];
    let slow = stream::iter(halves).then(|half| async {
        pass(seconds(5)).await;
        Ok::<_, Infallible>(half)
    });
    let began = Instant::now();
    let (first, second) = tokio::join!(client.post(Body::from_stream(slow)), async {
        settle().await;
        let posted = client.post(call("2", "Echo", &json!(["second"]))).await;
        assert_elapsed(began, 10.0..=10.1);
        posted
    });
    first.assert_is(200, PLAIN, "");
    second.assert_is(200, PLAIN, "");
    assert_eq!(events.message().await, completed("1", "first"));
    assert_eq!(events.message().await, completed("2", "second"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_or_falls_silent_is_a_bad_request() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let failing = stream::iter([Err::<Bytes, _>(io::Error::other("the client has left"))]);
    let failed = client.post(Body::from_stream(failing)).await;
    failed.assert_is(400, PLAIN, "");
    let began = Instant::now();
    let silent = stream::pending::<Result<Bytes, Infallible>>();
    let failed = client.post(Body::from_stream(silent)).await;
    failed.assert_is(400, PLAIN, "");
    assert_elapsed(began, 30.0..=30.1);
    client.post(call("1", "Echo", &json!(["after"]))).await;
    let mut message = events.message().await;
    while message == json!({"type": 6}) {
        message = events.message().await;
    }
    assert_eq!(message, completed("1", "after"));
}

/// The response to a POST that waits, and then its connection ends in some way.
async fn posted_until(it: &Stage, client: &HttpClient, end: impl Future<Output = ()>) -> Answer {
    client.post(send("Wait", &json!([]))).await;
    let (body, _) = endless(send("Echo", &json!(["x".repeat(KIB)])), 1_000);
    let (answer, ()) = tokio::join!(client.post(body), async {
        settle().await;
        end.await;
    });
    it.gate.open(1);
    answer
}

#[tokio::test(start_paused = true)]
async fn a_post_that_waits_ends_with_its_connection() {
    let it = Stage::new();
    let (client, events) = HttpClient::start_event_stream(&it.endpoint).await;
    let answer = posted_until(&it, &client, async { drop(events) }).await;
    answer.assert_is(404, PLAIN, "");
    it.only_one_ended().await;

    let client = HttpClient::start_polling(&it.endpoint).await;
    let answer = posted_until(&it, &client, async {
        client.delete().await.assert_is(202, PLAIN, "");
    });
    answer.await.assert_is(404, PLAIN, "");
    it.only_one_ended().await;

    let client = HttpClient::start_polling(&it.endpoint).await;
    let answer = posted_until(&it, &client, async {
        pass(seconds(17)).await;
    });
    answer.await.assert_is(404, PLAIN, "");
    it.only_one_ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_post_whose_client_gives_up_lets_the_next_one_in() {
    let it = Stage::new();
    let (client, mut events) = HttpClient::start_event_stream(&it.endpoint).await;
    let silent = stream::pending::<Result<Bytes, Infallible>>();
    let given_up = timeout(seconds(1), client.post(Body::from_stream(silent))).await;
    assert!(given_up.is_err());
    client.post(call("1", "Echo", &json!(["next"]))).await;
    assert_eq!(events.message().await, completed("1", "next"));
}
