//! Clients of HTTP/2 that send what is only work.

use std::time::Duration;

use test_support::http_client::HANDSHAKE;
use test_support::http2_frames::*;
use test_support::recorded::{assert_counted, measured};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use crate::server::PipeServer;

const SECOND: Duration = Duration::from_secs(1);

const CANCEL: [u8; 4] = 8_u32.to_be_bytes();

fn hits(scene: impl Future<Output = ()>) -> Vec<(String, u64)> {
    measured("hubwire.limit.hits", scene)
}

/// Sends parts one after another until the server no longer takes them, while reading what it sends;
/// returns the error of its GOAWAY.
pub(crate) async fn flood(
    frames: Frames<impl AsyncRead + AsyncWrite>,
    parts: impl Iterator<Item = Vec<u8>>,
) -> Option<u32> {
    let (reader, writer) = tokio::io::split(frames.0);
    let mut reader = Frames(tokio::io::join(reader, tokio::io::sink()));
    let mut writer = Frames(tokio::io::join(tokio::io::empty(), writer));
    let writing = async {
        for part in parts {
            if writer.try_bytes(&part).await.is_err() {
                break;
            }
        }
        writer
    };
    let (_writer, code) = tokio::join!(writing, reader.until_end());
    code
}

/// Returns a request that is reset at once.
pub(crate) fn reset(stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
    let head = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(headers));
    [head, frame(RST_STREAM, 0, stream, &CANCEL)].concat()
}

#[test]
fn requests_that_are_reset_at_once_end_the_connection() {
    let hits = hits(async {
        let server = PipeServer::start();
        let frames = server.frames(&[]).await;
        let resets = (1..20_001)
            .step_by(2)
            .map(|stream| reset(stream, &get("/")));
        assert_eq!(flood(frames, resets).await, Some(ENHANCE_YOUR_CALM));
        assert_eq!(server.http2().await.get("/").await.status, 200);
    });
    assert_counted(&hits, &[("http2_floods", 1)]);
}

/// Those that were accepted already cost what a request does, and leave nothing.
#[tokio::test(start_paused = true)]
async fn event_streams_and_polls_that_are_reset_leave_nothing() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    for _ in 0..200 {
        let path = http2.negotiate("/probe").await;
        drop(http2.get(&path).await);
        let path = http2.negotiate("/probe").await;
        let (waiting, _sender) = http2
            .begin(test_support::http2::Http2::request(
                http::Method::GET,
                &path,
            ))
            .await;
        drop(waiting);
        let (events, path) = http2.event_stream("/probe").await;
        drop(events);
        let polls = http2.polling("/probe").await;
        let request = test_support::http2::Http2::request(http::Method::GET, &polls);
        let (poll, sender) = http2.begin(request).await;
        sleep(SECOND / 1000).await;
        drop((poll, sender, path));
    }
    // Those that poll may be away for 15 s.
    sleep(40 * SECOND).await;
    let left = server.signalr.statistics();
    assert_eq!(left, hubwire::Statistics::default());
    let journal = server.probe.journal.entries();
    let count = |text: &str| journal.iter().filter(|it| it.starts_with(text)).count();
    assert_eq!(count("connected"), count("disconnected"));
}

/// Returns the hits while a client with an event stream begins a request and sends this part of its
/// head again and again; nothing of the client is left.
fn hits_of_endless_head(part: &[u8]) -> Vec<(String, u64)> {
    hits(async {
        let server = PipeServer::start();
        let mut honest = server.http2().await;
        let path = honest.negotiate("/probe").await;
        let mut frames = server.frames(&[]).await;
        let accept = ("accept", "text/event-stream");
        frames
            .request(1, &[&get(&path)[..], &[accept]].concat())
            .await;
        frames.until(HEADERS, 1).await;
        honest.post(&path, HANDSHAKE).await;
        server.until_connections(1).await;

        let begin = frame(HEADERS, END_STREAM, 3, &block(&get("/")));
        let parts = std::iter::repeat_n(frame(CONTINUATION, 0, 3, part), 100_000);
        let code = flood(frames, std::iter::once(begin).chain(parts)).await;
        assert_eq!(code, Some(ENHANCE_YOUR_CALM));
        server.until_connections(0).await;
        assert_eq!(honest.get("/").await.status, 200);
        drop(honest);
        sleep(SECOND).await;
        let left = server.signalr.statistics();
        assert_eq!(left, hubwire::Statistics::default());
    })
}

#[test]
fn a_head_that_does_not_end_ends_the_connection() {
    let headers = block(&[("x", "y")]).repeat(1000);
    assert_counted(&hits_of_endless_head(&headers), &[("http2_floods", 1)]);
}

#[test]
fn a_head_in_parts_without_content_ends_the_connection() {
    assert_counted(&hits_of_endless_head(&[]), &[("http2_floods", 1)]);
}

/// Answers are bounded, because a client that does not read them is not read either.
#[tokio::test(start_paused = true)]
async fn answers_that_nobody_reads_stop_the_reading() {
    let server = PipeServer::start();
    for part in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[])] {
        let mut frames = server.frames(&[]).await;
        let part = part.repeat(100);
        let mut sent = 0;
        let sending = async {
            while frames.try_bytes(&part).await.is_ok() {
                sent += part.len();
                assert!(sent < 4_000_000, "the server goes on reading");
            }
        };
        let _ = tokio::time::timeout(120 * SECOND, sending).await;
        drop(frames);
        assert_eq!(server.http2().await.get("/").await.status, 200);
    }
}

/// While its answers are read, a flood is only work, and others get their turns.
#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_delays_nobody() {
    let server = PipeServer::start();
    let frames = server.frames(&[]).await;
    let parts = std::iter::repeat_n(frame(PING, 0, 0, &[7; 8]).repeat(100), 200);
    let other = async {
        let mut http2 = server.http2().await;
        for _ in 0..10 {
            assert_eq!(http2.get("/").await.status, 200);
        }
    };
    tokio::select! {
        _ = flood(frames, parts) => panic!("it ends only when it is idle"),
        () = other => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_large_gets_431() {
    let server = PipeServer::start();
    let mut frames = server.frames(&[]).await;
    let large = "x".repeat(16_000);
    let mut parts = block(&get("/"));
    for _ in 0..5 {
        parts.extend(block(&[("x", &large)]));
    }
    let (begin, rest) = parts.split_at(16_000);
    frames.send(HEADERS, END_STREAM, 1, begin).await;
    let pieces: Vec<_> = rest.chunks(16_000).collect();
    for (number, piece) in pieces.iter().enumerate() {
        let flags = if number + 1 == pieces.len() {
            END_HEADERS
        } else {
            0
        };
        frames.send(CONTINUATION, flags, 1, piece).await;
    }
    let head = frames.until(HEADERS, 1).await;
    // A literal with an indexed name and Huffman's code (RFC 7541, section 6.2): a status of 431.
    assert_eq!(head.payload, [0x48, 0x83, 0x69, 0x90, 0xff]);
    frames.request(3, &get("/")).await;
    assert_eq!(frames.until(HEADERS, 3).await.payload[0], 0x88);
}

#[tokio::test(start_paused = true)]
async fn more_streams_than_are_allowed_are_refused() {
    let server = PipeServer::start();
    let path = server.http2().await.polling("/hub").await;
    let mut frames = server.frames(&[]).await;
    // A POST without an end waits for it.
    let mut post = get(&path);
    post[0] = (":method", "POST");
    for stream in (1..201).step_by(2) {
        frames
            .send(HEADERS, END_HEADERS, stream, &block(&post))
            .await;
    }
    frames.request(201, &get("/")).await;
    let refused = frames.until(RST_STREAM, 201).await;
    assert_eq!(refused.code(), REFUSED_STREAM);
    frames.send(RST_STREAM, 0, 1, &CANCEL).await;
    frames.request(203, &get("/")).await;
    assert_eq!(frames.until(HEADERS, 203).await.payload[0], 0x88);
}

/// Frames against the rules end the connection or their stream, whatever they are.
#[tokio::test(start_paused = true)]
async fn frames_that_break_the_rules_harm_nobody_else() {
    let server = PipeServer::start();
    let mut honest = server.http2().await;
    let (mut events, _) = honest.event_stream("/hub").await;
    let broken = [
        frame(DATA, 0, 1, b"without a head"),
        frame(DATA, 0, 0, b"of no stream"),
        frame(HEADERS, END_HEADERS, 2, &block(&get("/"))),
        frame(HEADERS, END_HEADERS, 1, &[0xff; 10]),
        frame(CONTINUATION, END_HEADERS, 1, &[]),
        frame(WINDOW_UPDATE, 0, 0, &[0; 4]),
        frame(SETTINGS, 0, 0, &[0; 5]),
        frame(PING, 0, 0, &[0; 7]),
        frame(RST_STREAM, 0, 99, &CANCEL),
        [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1].to_vec(),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
    ];
    for bytes in broken {
        let mut frames = server.frames(&[]).await;
        frames.bytes(&bytes).await;
        let code = frames.until_end().await;
        assert!(
            code.is_some_and(|code| code != NO_ERROR),
            "{code:?}: {}",
            bytes.escape_ascii()
        );
    }
    server.broadcast(1, "still here").await;
    events.read_until("\"still here\"]}\u{1e}\r\n\r\n").await;
    assert_eq!(server.connections(), 1);
}
