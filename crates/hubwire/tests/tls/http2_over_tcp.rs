//! HTTP/2 on TCP sockets: requests that are against the rules end alone.

use test_support::http2::Http2;
use test_support::http2_frames::*;
use tokio::time::timeout;

use crate::tcp_server::{PATIENCE, TcpServer, open_event_stream, web_socket_headers};

const CANCEL: [u8; 4] = 8_u32.to_be_bytes();

/// The HTTP library ends the whole connection for this, and that is all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connect_with_a_length_ends_no_other_connection() {
    let server = TcpServer::start().await;
    let mut honest = server.honest().await;
    for length in ["5", "1000000000000"] {
        let mut frames = server.frames(&[]).await;
        open_event_stream(&mut frames, 1, &mut honest.http2, "/hub").await;
        server.until_connections(2).await;
        let headers = [
            &web_socket_headers("/probe")[..],
            &[("content-length", length)],
        ]
        .concat();
        let open = frame(HEADERS, END_HEADERS, 3, &block(&headers));
        let data = frame(DATA, 0, 3, b"hello");
        frames.bytes(&[open, data].concat()).await;
        let ended = timeout(PATIENCE, frames.until_end()).await;
        ended.expect("the connection ends");
        server.until_connections(1).await;
        honest.call().await;
    }
    drop(honest);
    server.until_nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connect_with_no_length_or_a_wrong_one_ends_nothing_else() {
    let server = TcpServer::start().await;
    let mut honest = server.honest().await;
    let mut frames = server.frames(&[]).await;
    open_event_stream(&mut frames, 1, &mut honest.http2, "/hub").await;
    server.until_connections(2).await;
    let with_length = |length| {
        let headers = [
            &web_socket_headers("/probe")[..],
            &[("content-length", length)],
        ]
        .concat();
        block(&headers)
    };
    let empty = with_length("0");
    frames.send(HEADERS, END_HEADERS, 3, &empty).await;
    // A status of 200.
    assert_eq!(frames.until(HEADERS, 3).await.payload[0], 0x88);
    frames.send(RST_STREAM, 0, 3, &CANCEL).await;
    let wrong = with_length("x");
    frames.send(HEADERS, END_HEADERS, 5, &wrong).await;
    let reset = frames.until(RST_STREAM, 5).await;
    assert_eq!(reset.code(), PROTOCOL_ERROR);

    server.broadcast(1, "still here").await;
    frames.until_text(1, "\"still here\"]}\u{1e}").await;
    assert_eq!(server.signalr.statistics().connections, 2);
    drop((frames, honest));
    server.until_nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_large_gets_431_alone() {
    let server = TcpServer::start().await;
    let mut honest = server.honest().await;
    let mut http2 = server.http2().await;
    let (mut events, _) = http2.event_stream("/hub").await;
    for size in [70_000, 100_000] {
        let mut request = Http2::request(http::Method::GET, "/");
        let large = "x".repeat(size).parse().unwrap();
        request.headers_mut().insert("large", large);
        let response = timeout(PATIENCE, http2.send(request, "")).await.unwrap();
        assert_eq!(response.unwrap().status, 431, "{size}");
        server.broadcast(size, "still here").await;
        events.read_until("\"still here\"]}\u{1e}\r\n\r\n").await;
        honest.call().await;
    }
    assert_eq!(http2.get("/").await.text().await, "hello");
    assert_eq!(server.signalr.statistics().connections, 2);
    drop((http2, events, honest));
    server.until_nothing_is_left().await;
}
