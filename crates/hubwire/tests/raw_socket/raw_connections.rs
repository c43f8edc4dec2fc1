//! Connections without a hub protocol, over TCP.

use std::time::Duration;

use axum::Router;
use hubwire::connections::{ConnectionHandler, HandlerResult, MapConnections, RawConnection};
use hubwire::protocol::Opcode;
use hubwire::{SignalR, Statistics};
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::line::Line;
use test_support::requests::{post, read_until, send_head};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::server::Server;

/// Sends back what it receives.
pub(crate) struct Echo;

impl ConnectionHandler for Echo {
    async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
        while let Some(chunk) = connection.receive().await {
            connection.send(chunk).await?;
        }
        Ok(())
    }
}

/// Takes nothing until its connection has ended.
pub(crate) struct Deaf;

impl ConnectionHandler for Deaf {
    async fn on_connected(&self, connection: RawConnection) -> HandlerResult {
        connection.connection_closed().cancelled().await;
        Ok(())
    }
}

async fn web_socket(server: &Server, target: &str) -> BareWebSocket<Line> {
    let stream = Line::connect(server.address).await.unwrap();
    BareWebSocket::upgrade(stream, target).await
}

#[tokio::test]
async fn a_web_socket_is_echoed_with_negotiation_and_without() {
    let server = Server::start().await;
    let negotiated = format!("/echo?id={}", server.negotiate("/echo").await);
    for target in ["/echo", &negotiated, "/echo/"] {
        let mut client = web_socket(&server, target).await;
        client.send(Opcode::Text, b"1").await;
        assert_eq!(client.next().await, Bare::Text("1".into()));
        // The client reads only after it has sent all, which the sockets and queues hold.
        let message = vec![7; 200_000];
        let mut received = Vec::new();
        client.send(Opcode::Binary, &message).await;
        while received.len() < message.len() {
            let Bare::Binary(chunk) = client.next().await else {
                panic!("not binary")
            };
            received.extend(chunk);
        }
        assert!(received == message);
        client.leave(b"").await;
    }
    assert!(server.finish().await.is_empty());
}

#[tokio::test]
async fn version_0_of_the_negotiation_is_served() {
    let server = Server::start().await;
    let response = server.request("POST /echo/negotiate", "").await;
    let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["negotiateVersion"], 0);
    let target = format!("/echo?id={}", body["connectionId"].as_str().unwrap());
    let mut client = web_socket(&server, &target).await;
    client.send(Opcode::Text, b"x").await;
    assert_eq!(client.next().await, Bare::Text("x".into()));
    client.leave(b"").await;
    server.finish().await;
}

#[tokio::test]
async fn an_event_stream_has_a_line_for_each_line() {
    let server = Server::start().await;
    let path = format!("/echo?id={}", server.negotiate("/echo").await);
    let mut stream = Line::connect(server.address).await.unwrap();
    let accept = "Accept: text/event-stream\r\n";
    send_head(
        &mut stream,
        server.address,
        &format!("GET {path}"),
        accept,
        b"",
    )
    .await;
    read_until(&mut stream, ":\r\n\r\n").await;
    post(server.address, &path, "one\r\ntwo\n")
        .await
        .assert_is(200, Some("text/plain"), "");
    let event = "data: one\r\ndata: two\r\ndata: \r\n\r\n";
    let read = read_until(&mut stream, &format!("{event}\r\n")).await;
    assert_eq!(read, format!("{:X}\r\n{event}\r\n", event.len()));
    drop(stream);
    server.finish().await;
}

#[tokio::test]
async fn a_client_that_vanishes_is_noticed_though_its_handler_takes_nothing() {
    let server = Server::start().await;
    let mut client = web_socket(&server, "/deaf").await;
    // More than is kept, so that the server has stopped reading.
    let sending = async { while client.try_send(Opcode::Binary, &[0; 10_000]).await.is_ok() {} };
    let waited = tokio::time::timeout(Duration::from_millis(500), sending).await;
    assert!(waited.is_err(), "the server reads without end");
    let stream = client.into_inner();
    stream.set_zero_linger().unwrap();
    drop(stream);
    server.finish().await;
}

/// What such a client has sent may still be wanted, so its handler has as long as a client's silence.
#[tokio::test]
async fn a_client_that_has_closed_its_side_is_not_waited_for_without_end() {
    let signalr = SignalR::builder()
        .client_timeout_interval(Duration::from_secs(1))
        .build();
    let app = Router::new().map_connections("/deaf", signalr.connection_handler(Deaf));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(
        hubwire::serve(listener, app)
            .with(&signalr)
            .until(std::future::pending())
            .into_future(),
    );
    let stream = Line::connect(address).await.unwrap();
    let mut client = BareWebSocket::upgrade(stream, "/deaf").await;
    // More than is kept; the rest and the end of the stream fit into the server's receive window.
    client.send(Opcode::Binary, &[0; 130_000]).await;
    let mut stream = client.into_inner();
    stream.shutdown().await.unwrap();
    let ended = async {
        while signalr.statistics() != Statistics::default() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), ended).await;
    assert!(ended.is_ok(), "{:?}", signalr.statistics());
}
