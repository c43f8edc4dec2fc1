//! Clients of HTTP/2 on TCP sockets that read nothing, of a stream or at all: the hub lets them go.

use std::time::Duration;

use h2::client::Builder;
use test_support::http2::{Http2, next};
use test_support::way_out::{Client, KIB};
use tokio::time::{Instant, sleep};

use crate::tcp_server::{PATIENCE, TcpServer, open_both_streams};

const PERIOD: Duration = Duration::from_millis(100);

/// Nothing that is sent to it can be taken back from the system, but the hub lets it go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_at_all_is_let_go() {
    let server = TcpServer::start().await;
    let stream = server.encrypted_with_small_buffer().await;
    let frames = open_both_streams(stream, &server, "/hasty").await;
    let mut honest = server.honest().await;
    let text = "x".repeat(400 * KIB);
    for number in 0..20 {
        server.broadcast(number, &text).await;
    }
    let since = Instant::now();
    while server.signalr.statistics().connections > 1 {
        honest.call().await;
        sleep(PERIOD).await;
        assert!(since.elapsed() < PATIENCE, "it is still there");
    }
    server
        .until(PATIENCE, |left| left.outbound_memory == 0)
        .await;
    drop((honest, frames));
    server.until_nothing_is_left().await;
}

/// The socket is read, and so is another stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_nobody_reads_are_let_go_and_another_goes_on() {
    let server = TcpServer::start().await;
    let mut builder = Builder::new();
    builder.initial_connection_window_size(10_000_000);
    let stream = server.encrypted_with_small_buffer().await;
    let mut http2 = Http2::with(&builder, stream).await;
    let mut reading = Client::upgraded(http2.web_socket("/hasty").await).await;
    let (mut events, _) = http2.event_stream("/hasty").await;
    let mut web_socket = Client::upgraded(http2.web_socket("/hasty").await).await;
    server.until_connections(3).await;
    server.broadcast(0, &"x".repeat(400 * KIB)).await;
    let since = Instant::now();
    let mut number = 0;
    while server.signalr.statistics().connections > 1 {
        assert_eq!(reading.message().await.unwrap()["arguments"][0], number);
        number += 1;
        sleep(PERIOD).await;
        server.broadcast(number, "again").await;
        assert!(
            since.elapsed() < PATIENCE,
            "{:?}",
            server.signalr.statistics()
        );
    }
    assert_eq!(reading.message().await.unwrap()["arguments"][0], number);
    server
        .until(PATIENCE, |left| left.outbound_memory == 0)
        .await;
    // What had been sent may still be read, and then there is an end.
    while let Some(Ok(_)) = next(&mut events.body).await {}
    while web_socket.message().await.is_some() {}
    assert_eq!(http2.get("/").await.text().await, "hello");
    drop((http2, reading));
    server.until_nothing_is_left().await;
}
