//! Event streams, byte for byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::Server;
use test_support::http_client::HANDSHAKE;
use test_support::line::Line;
use test_support::requests::{Response, UPGRADE, post, read_until, send_head, without_date};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    cache-control: no-cache,no-store\r\npragma: no-cache\r\ncontent-encoding: identity\r\n\
    x-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n";

/// Requests an event stream, and reads its head and its first bytes.
async fn open(server: &Server, path: &str) -> (String, Line) {
    open_with(server, path, "").await
}

/// The same with more parameters in the query.
pub(crate) async fn open_with(server: &Server, path: &str, more: &str) -> (String, Line) {
    let token = server.negotiate(path).await;
    let mut stream = Line::connect(server.address).await.unwrap();
    let line = format!("GET {path}?id={token}{more}");
    let accept = "Accept: text/event-stream\r\n";
    send_head(&mut stream, server.address, &line, accept, b"").await;
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert_eq!(without_date(&head), HEAD);
    assert_eq!(read_until(&mut stream, ":\r\n\r\n").await, "3\r\n:\r\n\r\n");
    (format!("{path}?id={token}"), stream)
}

/// Reads one chunk with this content.
async fn expect_chunk(stream: &mut Line, content: &str) {
    let chunk = format!("{:X}\r\n{content}\r\n", content.len());
    let read = read_until(stream, &format!("{content}\r\n")).await;
    assert_eq!(read, chunk);
}

pub(crate) async fn expect_event(stream: &mut Line, record: &str) {
    expect_chunk(stream, &format!("data: {record}\u{1e}\r\n\r\n")).await;
}

pub(crate) async fn expect_end(stream: &mut Line) {
    assert_eq!(read_until(stream, "0\r\n\r\n").await, "0\r\n\r\n");
}

fn assert_accepted(response: &Response) {
    response.assert_is(200, Some("text/plain"), "");
    assert_eq!(response.header("cache-control"), None);
    assert_eq!(response.header("content-length"), Some("0"));
}

#[tokio::test]
async fn a_call_is_answered_by_an_event() {
    let server = Server::start().await;
    let (path, mut stream) = open(&server, "/quiet").await;
    assert_accepted(&post(server.address, &path, HANDSHAKE).await);
    expect_event(&mut stream, "{}").await;
    let call = "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Add\",\"arguments\":[1,2]}\u{1e}";
    assert_accepted(&post(server.address, &path, call).await);
    expect_event(&mut stream, r#"{"type":3,"invocationId":"1","result":3}"#).await;
    let close = "{\"type\":7}\u{1e}";
    assert_accepted(&post(server.address, &path, close).await);
    expect_event(&mut stream, r#"{"type":7}"#).await;
    expect_end(&mut stream).await;
    let late = post(server.address, &path, close).await;
    late.assert_is(404, Some("text/plain"), "No Connection with that ID");
    let journal = server.finish().await;
    assert_eq!(journal, ["connected", "disconnected: closed by the client"]);
}

#[tokio::test]
async fn the_end_of_the_socket_is_the_end_of_the_connection() {
    for is_reset in [false, true] {
        let server = Server::start().await;
        let (path, mut stream) = open(&server, "/quiet").await;
        post(server.address, &path, HANDSHAKE).await;
        expect_event(&mut stream, "{}").await;
        if is_reset {
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
        server.until_only_bystander().await;
        let late = post(server.address, &path, "x").await;
        late.assert_is(404, Some("text/plain"), "No Connection with that ID");
        let journal = server.finish().await;
        assert_eq!(journal, ["connected", "disconnected: transport closed"]);
    }
}

#[tokio::test]
async fn one_id_has_one_transport() {
    let server = Server::start().await;
    let (path, _stream) = open(&server, "/quiet").await;
    let events = "Accept: TEXT/Event-Stream\r\n";
    let second = server.request(&format!("GET {path}"), events).await;
    second.assert_is(409, Some("text/plain"), "");
    let other = "Cannot change transports mid-connection";
    for headers in ["", UPGRADE, "Accept: text/event-stream; q=1\r\n"] {
        let response = server.request(&format!("GET {path}"), headers).await;
        response.assert_is(400, Some("text/plain"), other);
    }
    let text = "Cannot terminate this connection using the DELETE endpoint.";
    let response = server.request(&format!("DELETE {path}"), "").await;
    response.assert_is(400, Some("text/plain"), text);
    drop(_stream);
    server.finish().await;
}

#[tokio::test]
async fn over_http_1_0_the_stream_ends_with_its_connection() {
    let server = Server::start().await;
    let token = server.negotiate("/quiet").await;
    let mut stream = Line::connect(server.address).await.unwrap();
    let head = format!("GET /quiet?id={token} HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert_eq!(read_until(&mut stream, ":\r\n").await, ":\r\n");
    let path = format!("/quiet?id={token}");
    post(server.address, &path, HANDSHAKE).await;
    let event = "data: {}\u{1e}\r\n\r\n";
    assert_eq!(read_until(&mut stream, event).await, event);
    post(server.address, &path, "{\"type\":7}\u{1e}").await;
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "data: {\"type\":7}\u{1e}\r\n\r\n");
    server.finish().await;
}

#[tokio::test]
async fn a_shutdown_ends_streams_and_polls_after_their_close_message() {
    let mut server = Server::start().await;
    let (path, mut stream) = open(&server, "/quiet").await;
    post(server.address, &path, HANDSHAKE).await;
    expect_event(&mut stream, "{}").await;
    let token = server.negotiate("/quiet").await;
    let path = format!("/quiet?id={token}");
    for body in ["", "{}\u{1e}"] {
        let polled = server.request(&format!("GET {path}"), "").await;
        polled.assert_is(200, Some("application/octet-stream"), body);
        post(
            server.address,
            &path,
            if body.is_empty() { HANDSHAKE } else { "" },
        )
        .await;
    }
    let mut poll = Line::connect(server.address).await.unwrap();
    send_head(&mut poll, server.address, &format!("GET {path}"), "", b"").await;
    let journal = server.journal.clone();
    while journal.entries().len() < 2 {
        tokio::task::yield_now().await;
    }
    server.begin_shutdown();
    expect_event(&mut stream, r#"{"type":7,"allowReconnect":true}"#).await;
    expect_end(&mut stream).await;
    let close = "{\"type\":7,\"allowReconnect\":true}\u{1e}";
    assert!(
        read_until(&mut poll, close)
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
    );
    server.end().await;
}
