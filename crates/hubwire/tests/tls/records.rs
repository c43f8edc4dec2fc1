//! What TLS itself asks for between two messages, and its end.

use std::time::Duration;

use serde_json::json;
use test_support::tls::*;
use test_support::way_out::{Client, KIB};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::server::PipeServer;

const SECOND: Duration = Duration::from_secs(1);

/// A client may ask for new keys while the server reads and while it writes (RFC 8446, section
/// 4.6.3).
#[tokio::test(start_paused = true)]
async fn new_keys_are_taken_and_given() {
    let server = PipeServer::start();
    let stream = server.encrypted(&[HTTP_1]).await;
    let mut client = Client::over(stream).await;
    for number in 0..20 {
        let connection = client.socket.get_mut().1;
        connection.refresh_traffic_keys().unwrap();
        client.socket.flush().await.unwrap();
        // The line holds 64 KiB, so that the server still writes while it reads the next request.
        let text = "x".repeat(200 * KIB);
        server.broadcast(number, &text).await;
        client
            .send(&json!({"type": 1, "invocationId": "1", "target": "Id", "arguments": []}))
            .await;
        assert_eq!(client.message().await.unwrap()["arguments"][1], text);
        assert_eq!(client.message().await.unwrap()["type"], 3);
    }
}

/// The connection of a client that asks again and again without reading ends at the latest when
/// its time is over.
#[tokio::test(start_paused = true)]
async fn a_client_that_only_asks_for_keys_is_let_go() {
    let server = PipeServer::start();
    let mut client = Client::over(server.encrypted(&[HTTP_1]).await).await;
    server.broadcast(0, &"x".repeat(400 * KIB)).await;
    let asking = async {
        loop {
            let connection = client.socket.get_mut().1;
            if connection.refresh_traffic_keys().is_err() || client.socket.flush().await.is_err() {
                return;
            }
            sleep(SECOND / 10).await;
        }
    };
    timeout(120 * SECOND, asking).await.expect("it ends");
    assert_eq!(server.connections(), 0);
}

/// So nobody can cut a response or a WebSocket off unnoticed.
#[tokio::test(start_paused = true)]
async fn the_end_behind_a_response_or_a_close_frame_is_announced() {
    let server = PipeServer::start();
    for request in [
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "no HTTP\r\n\r\n",
    ] {
        let mut stream = server.encrypted(&[HTTP_1]).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        // Rustls reports an end without close_notify as an error.
        let read = stream.read_to_end(&mut Vec::new()).await;
        assert!(read.is_ok(), "{request:?}: {read:?}");
    }
    let mut client = Client::over(server.encrypted(&[HTTP_1]).await).await;
    let close = json!({"type": 7});
    client.send(&close).await;
    assert_eq!(client.message().await, Some(close));
    assert_eq!(client.message().await, None, "a Close frame");
    let normal = 1000_u16.to_be_bytes();
    client
        .send_frame(hubwire::protocol::Opcode::Close, &normal)
        .await;
    client.socket.read_to_end(&mut Vec::new()).await.unwrap();
}
