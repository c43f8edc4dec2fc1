//! Limits of clients that negotiate, poll and post.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use test_support::http_client::{HANDSHAKE, HttpClient};

use super::*;
use crate::http_stage::{Stage, send};

/// Runs a scene, and returns how often each limit was hit.
fn hits_of(scene: impl AsyncFnOnce(&Stage)) -> Vec<(String, u64)> {
    measured("hubwire.limit.hits", async {
        let stage = Stage::new();
        scene(&stage).await;
        drop(stage);
    })
}

#[test]
fn a_negotiated_id_is_not_opened() {
    let hits = hits_of(async |it| {
        HttpClient::negotiate(&it.endpoint).await;
        let opened = HttpClient::start_polling(&it.endpoint).await;
        opened.delete().await;
        pass(seconds(17)).await;
        it.server.leaves_nothing_behind().await;
    });
    assert_counted(&hits, &[("negotiated_id_timeout", 1)]);
}

#[test]
fn a_poll_waits_in_vain_and_its_client_does_not_come_back() {
    let hits = hits_of(async |it| {
        let client = HttpClient::start_polling(&it.endpoint).await;
        client.poll().await.assert_is(200, Some("text/plain"), "");
        pass(seconds(17)).await;
        it.ended("transport closed").await;
    });
    assert_counted(&hits, &[("disconnect_timeout", 1), ("poll_timeout", 1)]);
}

#[test]
fn a_client_does_not_poll_for_the_end_of_its_connection() {
    let hits = hits_of(async |it| {
        let client = HttpClient::start_polling(&it.endpoint).await;
        client.post(send("Abort", &json!([]))).await;
        let last = client.poll().await.messages();
        assert_eq!(last, [json!({"type": 7})]);
        pass(seconds(17)).await;
        it.ended("aborted by the hub").await;
    });
    assert_counted(&hits, &[("ended_token_timeout", 1)]);
}

#[test]
fn a_post_waits_until_its_connection_is_opened() {
    let hits = hits_of(async |it| {
        let client = HttpClient::negotiate(&it.endpoint).await;
        let body = HANDSHAKE.to_owned() + &"{\"type\":6}\u{1e}".repeat(500);
        let (posted, ()) = tokio::join!(client.post(body), async {
            settle().await;
            client.poll().await;
        });
        assert_eq!(posted.status, 200);
        client.delete().await;
        settle().await;
    });
    assert_counted(&hits, &[("posted_bytes", 1), ("session_turn", 1)]);
}

#[test]
fn the_body_of_a_post_brings_nothing() {
    let hits = hits_of(async |it| {
        let (client, _events) = HttpClient::start_event_stream(&it.endpoint).await;
        let silent = stream::pending::<Result<Bytes, Infallible>>();
        let posted = client.post(Body::from_stream(silent)).await;
        assert_eq!(posted.status, 400);
    });
    assert_counted(&hits, &[("post_timeout", 1)]);
}
