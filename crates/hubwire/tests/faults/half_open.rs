//! Peers that stop for good, their TCP connection still open: ended by the timeout that is meant for it.

use std::ops::Range;
use std::time::Duration;

use futures_core::future::BoxFuture;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::server::{CLIENT_TIMEOUT, CLOSE_TIMEOUT, HANDSHAKE_TIMEOUT, PROGRESS_TIMEOUT, Server};
use test_support::client::{Client, HANDSHAKE, Received};

/// How much later than its time an end may come on a busy machine.
const SLACK: Duration = Duration::from_millis(1500);

/// How often the client timeout is looked at.
const SWEEP: Duration = Duration::from_secs(1);

const PING: &str = "{\"type\":6}\x1e";
const TIMED_OUT: &str =
    "disconnected: Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";
const TOO_SLOW: &str = "disconnected: The client did not read what was sent to it.";

/// A point of a connection's life, how to get there and freeze, when it ends, and what the hub saw.
struct Point {
    name: &'static str,
    freeze: fn(&Server) -> BoxFuture<'_, Client>,
    /// Counted from the freezing to when nothing but a call may be left.
    ends_after: Range<Duration>,
    /// Whether a method still runs then.
    leaves_a_call: bool,
    journal: &'static [&'static str],
}

fn points() -> Vec<Point> {
    let millisecond = Duration::from_millis(1);
    let handshake = HANDSHAKE_TIMEOUT + CLOSE_TIMEOUT;
    let silence = CLIENT_TIMEOUT + CLOSE_TIMEOUT - 5 * millisecond;
    let handshake = handshake - 5 * millisecond..handshake + SLACK;
    let silence = silence..silence + SWEEP + SLACK;
    let sending = PROGRESS_TIMEOUT - 5 * millisecond..PROGRESS_TIMEOUT + 2 * SWEEP + SLACK;
    let timed_out = &["connected", TIMED_OUT];
    let point = |name, freeze, ends_after: &Range<Duration>, leaves_a_call, journal| Point {
        name,
        freeze,
        ends_after: ends_after.clone(),
        leaves_a_call,
        journal,
    };
    vec![
        point("after 101", after_101, &handshake, false, &[]),
        point(
            "in the handshake's record",
            in_the_handshake,
            &handshake,
            false,
            &[],
        ),
        point("after a ping", after_a_ping, &silence, false, timed_out),
        point(
            "in a frame's header",
            in_a_header,
            &silence,
            false,
            timed_out,
        ),
        point("in a record", in_a_record, &silence, false, timed_out),
        point(
            "during on_connected",
            in_the_hook,
            &silence,
            false,
            timed_out,
        ),
        point(
            "while a call runs",
            in_a_call,
            &silence,
            true,
            &["connected", "slow began", TIMED_OUT, "slow ended"],
        ),
        point(
            "while it does not read",
            without_reading,
            &sending,
            false,
            &["connected", "repeated", TOO_SLOW],
        ),
        point(
            "after its own Close frame",
            after_its_close,
            &(Duration::ZERO..SLACK),
            false,
            &["connected", "disconnected: transport closed"],
        ),
    ]
}

fn after_101(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(server.upgrade("/hasty"))
}

fn in_the_handshake(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(async {
        let mut client = server.upgrade("/hasty").await;
        client.send_text(&HANDSHAKE[..10]).await;
        client
    })
}

/// A client that may be timed out, with these bytes as its last.
async fn pinged(server: &Server, last: &[u8]) -> Client {
    let mut client = server.join("/hasty").await;
    client.send_text(PING).await;
    client.send_raw(last).await;
    client
}

fn after_a_ping(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(pinged(server, b""))
}

fn in_a_header(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(pinged(server, &[0x81, 0xfe, 1]))
}

fn in_a_record(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(pinged(server, b"\x81\xfe\x01\x00\0\0\0\0{\"type\":"))
}

fn in_the_hook(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(async {
        let mut client = server.open("/hasty-connecting-waits?user=somebody").await;
        client.send_text(PING).await;
        server.journal.until("connected").await;
        server.gate.let_one_pass();
        client
    })
}

fn in_a_call(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(async {
        let mut client = pinged(server, b"").await;
        client.call("1", "Wait", r#""slow""#).await;
        server.journal.until("slow began").await;
        client
    })
}

fn without_reading(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(async {
        let mut client = server.join_with_small_window("/hasty").await;
        for _ in 0..700 {
            client.call("1", "Repeat", r#""x",30000"#).await;
        }
        client
    })
}

fn after_its_close(server: &Server) -> BoxFuture<'_, Client> {
    Box::pin(async {
        let mut client = server.join("/hasty").await;
        client.send_close(&1000_u16.to_be_bytes()).await;
        client
    })
}

async fn assert_ended(point: Point) {
    let Point {
        name,
        freeze,
        ends_after,
        leaves_a_call,
        journal: expected,
    } = point;
    let server = Server::start().await;
    let mut frozen = freeze(&server).await;
    let since = Instant::now();
    if leaves_a_call {
        server.journal.until(TIMED_OUT).await;
        server.gate.let_one_pass();
    }
    server.until_only_bystander().await;
    let elapsed = since.elapsed();
    assert!(ends_after.contains(&elapsed), "{name}: {elapsed:?}");
    // The socket is gone, too.
    while !matches!(frozen.next_or_end().await, Received::Eof | Received::Reset) {}
    let mut journal = server.finish().await;
    journal.dedup();
    assert_eq!(journal, expected, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_phase_has_its_timeout() {
    let mut points: JoinSet<_> = points().into_iter().map(assert_ended).collect();
    while let Some(point) = points.join_next().await {
        point.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_its_slot_stops_the_timeout_until_it_has_one() {
    let server = Server::start().await;
    let mut frozen = pinged(&server, b"").await;
    for _ in 0..2 {
        frozen.call("1", "Wait", r#""slow""#).await;
    }
    server.journal.until("slow began").await;
    tokio::time::sleep(CLIENT_TIMEOUT + SWEEP + CLOSE_TIMEOUT).await;
    assert_eq!(server.journal.entries(), ["connected", "slow began"]);

    let since = Instant::now();
    server.gate.let_one_pass();
    server.journal.until(TIMED_OUT).await;
    let elapsed = since.elapsed();
    assert!(
        elapsed >= CLIENT_TIMEOUT - Duration::from_millis(5),
        "{elapsed:?}"
    );
    assert!(elapsed < CLIENT_TIMEOUT + SWEEP + SLACK, "{elapsed:?}");
    server.gate.let_one_pass();
    let journal = server.finish().await;
    let (began, ended) = ("slow began", "slow ended");
    let expected = ["connected", began, ended, began, TIMED_OUT, ended];
    assert_eq!(journal, expected);
}
