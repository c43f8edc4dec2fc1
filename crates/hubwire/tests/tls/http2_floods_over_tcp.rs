//! Floods of HTTP/2 frames on TCP sockets: what the client had is gone, and others are served.

use std::cell::Cell;
use std::iter::repeat;

use test_support::http2_frames::*;
use test_support::recorded::{assert_counted, measured_in_real_time};
use tokio::time::timeout;

use crate::http2_abuse::{flood, reset};
use crate::tcp_server::{Encrypted, Honest, PATIENCE, TcpServer, open_event_stream};

/// The streams of a flooding client: an event stream, a POST without an end, and whatever it
/// floods.
const EVENTS: u32 = 1;
const POST: u32 = 3;
const FIRST_FREE: u32 = 5;

/// How many calls of another client are answered during a flood that does not end.
const CALLS: usize = 20;

/// The kind of PRIORITY frames (RFC 9113, section 6.3).
const PRIORITY: u8 = 2;

/// What a flood ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Connection,
    Nothing,
}

/// Opens the streams of a flooding client.
async fn flooding(server: &TcpServer, honest: &mut Honest) -> Frames<Encrypted> {
    let mut frames = server.frames(&[]).await;
    let path = open_event_stream(&mut frames, EVENTS, &mut honest.http2, "/probe").await;
    let mut post = get(&path);
    post[0] = (":method", "POST");
    frames.send(HEADERS, END_HEADERS, POST, &block(&post)).await;
    server.until_connections(2).await;
    frames
}

/// Sends these parts, and asserts that another client is answered meanwhile, and that nothing is
/// left.
async fn assert_harmless(ends: Ends, parts: impl Iterator<Item = Vec<u8>>) {
    let server = TcpServer::start().await;
    let mut honest = server.honest().await;
    let frames = flooding(&server, &mut honest).await;
    let is_over = Cell::new(false);
    let flood = async {
        let ended = timeout(PATIENCE, flood(frames, parts)).await;
        is_over.set(true);
        ended.expect("the server ends the connection");
    };
    let calls = async {
        for _ in 0..CALLS {
            honest.call().await;
            if is_over.get() {
                break;
            }
        }
    };
    if ends == Ends::Connection {
        tokio::join!(flood, calls);
    } else {
        tokio::select! {
            () = flood => panic!("it has ended"),
            () = calls => assert_eq!(server.signalr.statistics().connections, 2),
        }
    }
    server.until_connections(1).await;
    honest.call().await;
    drop(honest);
    server.until_nothing_is_left().await;
}

fn hits(scene: impl Future<Output = ()>) -> Vec<(String, u64)> {
    measured_in_real_time("hubwire.limit.hits", scene)
}

#[test]
fn resets_in_bulk() {
    let streams = (FIRST_FREE..).step_by(2);
    let mut resets = streams.map(|stream| reset(stream, &get("/")));
    let bulks = std::iter::from_fn(|| Some(resets.by_ref().take(500).flatten().collect()));
    let hits = hits(assert_harmless(Ends::Connection, bulks));
    assert_counted(&hits, &[("http2_floods", 1)]);
}

#[test]
fn continuations() {
    let begin = frame(HEADERS, END_STREAM, FIRST_FREE, &block(&get("/")));
    let hits = hits(async {
        for part in [block(&[("x", "y")]), Vec::new()] {
            let parts = repeat(frame(CONTINUATION, 0, FIRST_FREE, &part));
            let parts = std::iter::once(begin.clone()).chain(parts);
            assert_harmless(Ends::Connection, parts).await;
        }
    });
    assert_counted(&hits, &[("http2_floods", 2)]);
}

#[test]
fn data_without_content() {
    let parts = repeat(frame(DATA, 0, POST, &[]));
    let hits = hits(assert_harmless(Ends::Connection, parts));
    assert_counted(&hits, &[("http2_floods", 1)]);
}

/// While its answers are read, these are only work.
#[test]
fn frames_of_the_connection() {
    let frames = [
        frame(PING, 0, 0, &[7; 8]),
        frame(SETTINGS, 0, 0, &[]),
        // A window grows by a byte each time.
        frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()),
        frame(WINDOW_UPDATE, 0, EVENTS, &1_u32.to_be_bytes()),
        frame(PRIORITY, 0, EVENTS, &[0, 0, 0, 0, 16]),
        // A kind that is not known.
        frame(0xfa, 0, 0, &[7; 8]),
    ];
    let hits = hits(async {
        for frame in frames {
            assert_harmless(Ends::Nothing, repeat(frame.repeat(100))).await;
        }
    });
    assert_counted(&hits, &[]);
}
