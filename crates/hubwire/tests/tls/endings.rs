//! The end of an HTTP/2 connection: when it is idle, at a shutdown, and of single streams.

use std::time::Duration;

use test_support::http2::Http2;
use test_support::http2_frames::*;
use test_support::log_lines::LogLines;
use test_support::recorded::{assert_counted, measured};
use test_support::tls::HTTP_2;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep, timeout};
use tracing::Level;

use crate::server::PipeServer;

const SECOND: Duration = Duration::from_secs(1);

/// The default of `request_headers_timeout`.
const IDLE: Duration = Duration::from_secs(30);

fn assert_about(since: Instant, expected: Duration) {
    let age = since.elapsed();
    assert!((expected..expected + 6 * SECOND).contains(&age), "{age:?}");
}

#[test]
fn a_connection_without_streams_ends() {
    let hits = measured("hubwire.limit.hits", async {
        let server = PipeServer::start();
        let since = Instant::now();
        // Without a preface, with one only, and in the middle of a head.
        let mut silent = server.encrypted(&[HTTP_2]).await;
        let mut opened = server.frames(&[]).await;
        let mut slow = server.frames(&[]).await;
        let head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&get("/")));
        slow.bytes(&head[..20]).await;
        assert_eq!(opened.until(GO_AWAY, 0).await.code(), NO_ERROR);
        assert_eq!(opened.until_end().await, None);
        assert_about(since, IDLE);
        slow.until_end().await;
        let _ = silent.read_to_end(&mut Vec::new()).await;
        assert_about(since, IDLE);
        // A client that answers the server's ping ends in good order.
        let mut http2 = server.http2().await;
        let since = Instant::now();
        http2.ended().await.unwrap();
        assert_about(since, IDLE);
    });
    assert_counted(&hits, &[("request_headers_timeout", 4)]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_a_stream_is_not_idle() {
    let server = PipeServer::start();
    for transport in ["events", "web socket"] {
        let mut http2 = server.http2().await;
        let mut open = (None, None);
        match transport {
            "events" => open.0 = Some(http2.event_stream("/hub").await),
            _ => open.1 = Some(http2.web_socket("/probe").await),
        }
        // The hub waits 15 s for a handshake, and pings an event stream.
        if let Some((events, _)) = &mut open.0 {
            sleep(5 * IDLE).await;
            server.broadcast(1, "later").await;
            events.read_until("\"later\"]}\u{1e}\r\n\r\n").await;
        } else {
            sleep(10 * SECOND).await;
        }
        assert_eq!(http2.get("/").await.text().await, "hello");
    }
}

/// A client may have sent a request before it knew of the end.
#[tokio::test(start_paused = true)]
async fn a_stream_begun_while_an_idle_connection_ends_goes_on() {
    let server = PipeServer::with(|serve| serve.request_headers_timeout(5 * SECOND));
    let path = server.http2().await.negotiate("/hub").await;
    let mut frames = server.frames(&[]).await;
    let first = frames.until(GO_AWAY, 0).await;
    assert_eq!(first.payload[..4], 0x7fff_ffff_u32.to_be_bytes());
    let mut headers = get(&path).to_vec();
    headers.push(("accept", "text/event-stream"));
    // The answer to the server's ping comes behind it.
    frames.request(1, &headers).await;
    let last = frames.until(GO_AWAY, 0).await;
    assert_eq!(last.payload[..4], 1_u32.to_be_bytes());
    // The hub waits 15 s for a handshake, and then ends it.
    let since = Instant::now();
    loop {
        let data = frames.until(DATA, 1).await;
        if data.flags & END_STREAM != 0 {
            break;
        }
    }
    assert!(since.elapsed() > 12 * SECOND, "{:?}", since.elapsed());
    assert_eq!(frames.until_end().await, None);
}

/// Clients are told, responses in flight are finished, and an idle client is not waited for.
#[tokio::test(start_paused = true)]
async fn a_shutdown_finishes_what_is_in_flight() {
    let mut server = PipeServer::start();
    let log = LogLines::written(Level::WARN);
    let mut busy = server.http2().await;
    let mut file = busy.get("/file").await;
    // It answers no ping.
    let mut idle = server.frames(&[]).await;
    sleep(SECOND).await;
    server.end();
    let since = Instant::now();
    assert_eq!(idle.until_end().await, Some(NO_ERROR));
    assert!(since.elapsed() < 2 * SECOND, "{:?}", since.elapsed());
    sleep(SECOND).await;
    let mut size = 0;
    while let Some(part) = test_support::http2::next(&mut file.body).await {
        size += part.unwrap().len();
    }
    assert_eq!(size, crate::server::FILE_SIZE);
    server.ended().await;
    assert!(since.elapsed() < 4 * SECOND, "{:?}", since.elapsed());
    assert_eq!(log.take(), []);
}

/// One that is not read is cut off after the grace period.
#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_ever() {
    let mut server = PipeServer::start();
    let mut http2 = server.http2().await;
    let file = http2.get("/file").await;
    server.end();
    let since = Instant::now();
    timeout(60 * SECOND, server.ended()).await.unwrap();
    assert_about(since, 5 * SECOND);
    drop(file);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_resets_its_stream_only() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    let (mut events, _) = http2.event_stream("/hub").await;
    let panicked = http2
        .send(Http2::request(http::Method::GET, "/panic"), "")
        .await;
    assert!(panicked.unwrap_err().is_reset());
    let mut cut = http2.get("/panic-in-body").await;
    assert!(cut.reset().await.is_some());
    server.broadcast(1, "still here").await;
    events.read_until("\"still here\"]}\u{1e}\r\n\r\n").await;
    assert_eq!(http2.get("/").await.text().await, "hello");
}
