//! Long polling, without sockets.

use futures_util::{FutureExt, StreamExt};
use serde_json::json;
use test_support::http_client::{HANDSHAKE, HttpClient};
use test_support::in_memory::*;
use tokio::time::{Instant, timeout};

use crate::http_stage::{Stage, call, completed, send, text};

const KIB: usize = 1024;
const OCTETS: Option<&str> = Some("application/octet-stream");
const PLAIN: Option<&str> = Some("text/plain");
const UNKNOWN: &str = "No Connection with that ID";

#[tokio::test(start_paused = true)]
async fn the_first_poll_returns_at_once_and_later_ones_wait_for_everything_that_is_queued() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    client.post(call("1", "Transport", &json!([]))).await;
    client.post(call("2", "Echo", &json!(["b"]))).await;
    settle().await;
    let answer = client.poll().await;
    let expected = [completed("1", "LongPolling"), completed("2", "b")];
    assert_eq!(answer.messages(), expected);
    answer.assert_is(200, OCTETS, &answer.body);

    let began = Instant::now();
    let (answer, ()) = tokio::join!(client.poll(), async {
        pass(seconds(5)).await;
        it.broadcast("later").await;
    });
    assert_eq!(answer.messages(), [text("later")]);
    assert_elapsed(began, 5.0..=5.1);
    client.delete().await.assert_is(202, PLAIN, "");
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_ends_empty_after_the_poll_timeout_and_nothing_is_pinged() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    for _ in 0..3 {
        let began = Instant::now();
        client.poll().await.assert_is(200, PLAIN, "");
        assert_elapsed(began, 90.0..=90.1);
    }
    let shorter = it.endpoint.clone().poll_timeout(seconds(2));
    let hasty = HttpClient::start_polling(&shorter).await;
    let began = Instant::now();
    hasty.poll().await.assert_is(200, PLAIN, "");
    assert_elapsed(began, 2.0..=2.1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_away_for_14_seconds_each_time_loses_nothing() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let long = "x".repeat(19 * KIB);
    for _ in 0..20 {
        for _ in 0..14 {
            pass(seconds(1)).await;
            it.broadcast(&long).await;
        }
        let heard = client.poll().await.messages();
        assert_eq!(heard.len(), 14);
        assert!(heard.iter().all(|message| *message == text(&long)));
    }
    client.delete().await.assert_is(202, PLAIN, "");
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_after_the_disconnect_timeout_is_unknown() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    pass(seconds(14)).await;
    it.broadcast("kept").await;
    assert_eq!(client.poll().await.messages(), [text("kept")]);
    it.broadcast("lost").await;
    pass(seconds(16)).await;
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.ended("transport closed").await;

    let patient = it.endpoint.clone().disconnect_timeout(seconds(60));
    let client = HttpClient::start_polling(&patient).await;
    pass(seconds(59)).await;
    it.broadcast("kept").await;
    assert_eq!(client.poll().await.messages(), [text("kept")]);
    pass(seconds(61)).await;
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_waits_for_longer_than_the_disconnect_timeout_is_not_away() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let (answer, ()) = tokio::join!(client.poll(), async {
        pass(seconds(40)).await;
        it.broadcast("late").await;
    });
    assert_eq!(answer.messages(), [text("late")]);
    // A response that is being read keeps its client, too.
    let long = "x".repeat(40 * KIB);
    it.broadcast(&long).await;
    let response = client.poll_unread().await;
    pass(seconds(30)).await;
    assert_eq!(it.log.take(), [""; 0]);
    drop(response);
    pass(seconds(14)).await;
    client.post(call("1", "Echo", &json!(["still here"]))).await;
    settle().await;
    assert_eq!(
        client.poll().await.messages(),
        [text(&long), completed("1", "still here")]
    );
}

#[tokio::test(start_paused = true)]
async fn a_newer_poll_takes_the_place_of_one_that_waits() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let polls = async {
        tokio::join!(
            client.poll(),
            async {
                pass(seconds(1)).await;
                client.poll().await
            },
            async {
                pass(seconds(2)).await;
                client.poll().await
            },
            async {
                pass(seconds(3)).await;
                it.broadcast("who gets it?").await;
            },
        )
    };
    let (first, second, third, ()) = polls.await;
    first.assert_is(204, PLAIN, "");
    second.assert_is(204, PLAIN, "");
    assert_eq!(third.messages(), [text("who gets it?")]);
    client.delete().await.assert_is(202, PLAIN, "");
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn of_two_first_polls_one_waits() {
    let it = Stage::new();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let (first, second, ()) = tokio::join!(client.poll(), client.poll(), async {
        client.post(HANDSHAKE).await.assert_is(200, PLAIN, "");
    });
    first.assert_is(200, OCTETS, "");
    second.assert_is(200, OCTETS, "{}\u{1e}");
    client.delete().await.assert_is(202, PLAIN, "");
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_dropped_takes_nothing_with_it() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let dropped = timeout(seconds(5), client.poll()).await;
    assert!(dropped.is_err());
    it.broadcast("kept").await;
    settle().await;
    assert_eq!(client.poll().await.messages(), [text("kept")]);
    // And the time that it may be away begins with the end of the poll.
    assert!(timeout(seconds(5), client.poll()).await.is_err());
    pass(seconds(17)).await;
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn the_end_is_the_last_messages_and_then_one_204() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    client.post(call("1", "Echo", &json!(["last"]))).await;
    client.post(send("Abort", &json!([]))).await;
    settle().await;
    let last = client.poll().await.messages();
    assert_eq!(last, [completed("1", "last"), json!({"type": 7})]);
    client.poll().await.assert_is(204, PLAIN, "");
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.ended("aborted by the hub").await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_waits_at_the_end_gets_the_last_message() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let (last, ()) = tokio::join!(client.poll(), async {
        settle().await;
        client.post(send("Abort", &json!([]))).await;
    });
    assert_eq!(last.messages(), [json!({"type": 7})]);
    settle().await;
    // Posting and deleting are over, but the client still polls once.
    client.post("x").await.assert_is(404, PLAIN, UNKNOWN);
    client.delete().await.assert_is(404, PLAIN, UNKNOWN);
    client.poll().await.assert_is(204, PLAIN, "");
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.ended("aborted by the hub").await;
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_never_polled_is_forgotten() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    client.post(send("Abort", &json!([]))).await;
    settle().await;
    assert_eq!(it.log.take(), ["aborted by the hub"]);
    assert_eq!(it.server.signalr.statistics().connections, 0);
    // The Close message waits for a poll.
    assert_eq!(it.server.signalr.statistics().tokens, 1);
    pass(seconds(33)).await;
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.server.leaves_nothing_behind().await;
}

/// `disconnect_timeout`
#[tokio::test(start_paused = true)]
async fn a_negotiated_id_and_a_last_poll_wait_for_the_disconnect_timeout() {
    let it = Stage::new();
    for timeout in [5, 60] {
        let endpoint = it.endpoint.clone().disconnect_timeout(seconds(timeout));
        let [first, second] = [
            HttpClient::negotiate(&endpoint).await,
            HttpClient::negotiate(&endpoint).await,
        ];
        pass(seconds(timeout - 1)).await;
        first.shake_hands().await;
        pass(seconds(3)).await;
        second.poll().await.assert_is(404, PLAIN, UNKNOWN);

        for (after, status) in [(timeout - 1, 204), (timeout + 2, 404)] {
            let client = HttpClient::start_polling(&endpoint).await;
            client.post(send("Abort", &json!([]))).await;
            assert_eq!(client.poll().await.messages(), [json!({"type": 7})]);
            settle().await;
            pass(seconds(after)).await;
            assert_eq!(client.poll().await.status, status, "{after} of {timeout} s");
        }
        pass(seconds(timeout + 2)).await;
        it.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn delete_ends_the_connection_and_its_poll_at_once() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let (last, ()) = tokio::join!(client.poll(), async {
        settle().await;
        client.delete().await.assert_is(202, PLAIN, "");
        client.delete().await.assert_is(404, PLAIN, UNKNOWN);
        client
            .post("{\"type\":7}\u{1e}")
            .await
            .assert_is(404, PLAIN, UNKNOWN);
    });
    last.assert_is(200, OCTETS, "{\"type\":7,\"allowReconnect\":true}\u{1e}");
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.ended("transport closed").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_posted_before_delete_is_still_run() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    client.post(send("Wait", &json!([]))).await;
    client.post(send("Note", &json!(["posted"]))).await;
    client.delete().await.assert_is(202, PLAIN, "");
    settle().await;
    assert_eq!(it.log.take(), [""; 0]);
    it.gate.open(1);
    settle().await;
    assert_eq!(it.log.take(), ["posted", "transport closed"]);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn delete_before_the_handshake_and_before_the_first_poll() {
    let it = Stage::new();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let refused = "Cannot terminate this connection using the DELETE endpoint.";
    client.delete().await.assert_is(400, PLAIN, refused);
    client.poll().await.assert_is(200, OCTETS, "");
    client.delete().await.assert_is(202, PLAIN, "");
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    settle().await;
    assert_eq!(it.log.take(), [""; 0]);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_is_refused_by_the_poll() {
    let it = Stage::new();
    let client = HttpClient::negotiate(&it.endpoint).await;
    client.poll().await.assert_is(200, OCTETS, "");
    let began = Instant::now();
    let refused = "{\"error\":\"Handshake was canceled.\"}\u{1e}";
    client.poll().await.assert_is(200, OCTETS, refused);
    assert_elapsed(began, 15.0..=15.1);
    client.poll().await.assert_is(204, PLAIN, "");
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn between_polls_the_hard_bound_counts_and_progress_does_not() {
    let it = Stage::with(
        |hub| {
            hub.outbound_buffer_size(64 * KIB)
                .maximum_outbound_buffer_size(96 * KIB)
        },
        |endpoint| {
            endpoint
                .disconnect_timeout(seconds(1_000))
                .transport_progress_timeout(seconds(5))
        },
    );
    let client = HttpClient::start_polling(&it.endpoint).await;
    it.broadcast("kept").await;
    pass(seconds(500)).await;
    assert_eq!(client.poll().await.messages(), [text("kept")]);
    for _ in 0..100 {
        it.broadcast(&"x".repeat(KIB)).await;
    }
    settle().await;
    assert_eq!(
        it.log.take(),
        ["The client did not read what was sent to it."]
    );
    client.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn another_user_is_refused() {
    let it = Stage::new();
    let client = HttpClient::negotiate(&it.endpoint).await;
    let ann = client.as_user(Some("ann"));
    ann.shake_hands().await;
    for other in [client.as_user(Some("bob")), client.as_user(None)] {
        other.poll().await.assert_is(403, None, "");
        other
            .post(call("1", "User", &json!([])))
            .await
            .assert_is(403, None, "");
        other.delete().await.assert_is(403, None, "");
    }
    ann.post(call("1", "User", &json!([]))).await;
    assert_eq!(ann.poll().await.messages(), [completed("1", "ann")]);
    ann.post(send("Abort", &json!([]))).await;
    settle().await;
    assert_eq!(ann.poll().await.messages(), [json!({"type": 7})]);
    settle().await;
    client.poll().await.assert_is(403, None, "");
    ann.poll().await.assert_is(204, PLAIN, "");
    it.ended("aborted by the hub").await;
}

#[tokio::test(start_paused = true)]
async fn other_transports_are_refused_in_mid_connection() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let response = client.get_event_stream().await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers().get("cache-control"), None);
    client.post(call("1", "Echo", &json!(["after"]))).await;
    assert_eq!(client.poll().await.messages(), [completed("1", "after")]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_tells_clients_that_poll_and_waits_for_those_that_are_away() {
    let it = Stage::new();
    let (waiting, away, gone) = (
        HttpClient::start_polling(&it.endpoint).await,
        HttpClient::start_polling(&it.endpoint).await,
        HttpClient::start_polling(&it.endpoint).await,
    );
    let close = "{\"type\":7,\"allowReconnect\":true}\u{1e}";
    let began = Instant::now();
    let shutdown = async {
        settle().await;
        it.server.signalr.shutdown().await;
        assert_elapsed(began, 14.9..=16.1);
    };
    let first = async { waiting.poll().await.assert_is(200, OCTETS, close) };
    let second = async {
        pass(seconds(10)).await;
        away.poll().await.assert_is(200, OCTETS, close);
    };
    tokio::join!(shutdown, first, second);
    gone.poll().await.assert_is(404, PLAIN, UNKNOWN);
    it.server.leaves_nothing_behind().await;
}

/// Each piece may become a write of its own.
#[tokio::test(start_paused = true)]
async fn a_poll_of_many_short_messages_has_few_pieces() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    for _ in 0..2_000 {
        it.broadcast("short").await;
    }
    let response = client.poll_unread().await;
    let pieces: Vec<_> = response.into_body().into_data_stream().collect().await;
    let size: usize = pieces.iter().map(|it| it.as_ref().unwrap().len()).sum();
    let count = pieces.len();
    assert!(
        count <= size / (16 * KIB) + 1,
        "{size} bytes in {count} pieces"
    );
    assert_eq!(it.server.signalr.statistics().outbound_memory, 0);
}

/// What was not handed over yet is for the next poll, and what was is lost, as in ASP.NET Core.
#[tokio::test(start_paused = true)]
async fn a_poll_that_is_cut_off_leaves_the_rest_to_the_next_one() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    let long = "x".repeat(12 * KIB);
    for _ in 0..3 {
        it.broadcast(&long).await;
    }
    let mut body = client.poll_unread().await.into_body().into_data_stream();
    assert_eq!(body.next().await.unwrap().unwrap().len(), 16 * KIB);
    it.broadcast("later").await;
    drop(body);
    let heard = client.poll().await.messages();
    assert_eq!(heard, [text(&long), text(&long), text("later")]);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_ready_is_answered_without_waiting() {
    let it = Stage::new();
    let client = HttpClient::start_polling(&it.endpoint).await;
    it.broadcast("queued").await;
    let answer = client.poll().now_or_never();
    assert_eq!(answer.unwrap().messages(), [text("queued")]);
}
