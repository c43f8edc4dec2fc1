//! Bodies without an end, and event streams that nobody reads.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::server::Server;
use test_support::http_client::HANDSHAKE;
use test_support::line::Line;
use test_support::memory::resident;
use test_support::requests::{post, read_response, read_until, request, send_head};

const MIB: usize = 1024 * 1024;

async fn negotiate(server: &Server, path: &str) -> String {
    let line = format!("POST {path}/negotiate?negotiateVersion=1");
    let response = request(server.address, &line, "").await;
    let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    let token = body["connectionToken"].as_str().unwrap();
    format!("{path}?id={token}")
}

/// Opens an event stream and shakes hands.
async fn open(server: &Server, path: &str, mut socket: Line) -> (String, Line) {
    let path = negotiate(server, path).await;
    let line = format!("GET {path}");
    let accept = "Accept: text/event-stream\r\n";
    send_head(&mut socket, server.address, &line, accept, b"").await;
    read_until(&mut socket, ":\r\n\r\n").await;
    post(server.address, &path, HANDSHAKE).await;
    read_until(&mut socket, "data: {}\u{1e}\r\n\r\n\r\n").await;
    (path, socket)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_of_a_hundred_megabytes_costs_no_memory() {
    let server = Server::start_alone().await;
    let socket = Line::connect(server.address).await.unwrap();
    let (path, mut stream) = open(&server, "/plain", socket).await;
    let text = "x".repeat(30_000);
    let record = format!("{{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"{text}\"]}}\u{1e}");
    let count = 100 * MIB / record.len() + 1;
    let before = resident();
    let mut socket = Line::connect(server.address).await.unwrap();
    let length = count * record.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..count {
        socket.write_all(record.as_bytes()).await.unwrap();
    }
    let (response, _) = read_response(&mut socket).await;
    response.assert_is(200, Some("text/plain"), "");
    let grown = resident().saturating_sub(before);
    assert!(grown < 16 * MIB, "{grown} bytes");
    let call = "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Add\",\"arguments\":[1,2]}\u{1e}";
    post(server.address, &path, call).await;
    read_until(&mut stream, "\"result\":3}\u{1e}").await;
    drop(stream);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_promised_and_never_sent_ends_with_its_connection() {
    let server = Server::start().await;
    let socket = Line::connect(server.address).await.unwrap();
    let (path, stream) = open(&server, "/plain", socket).await;
    let mut posts = Vec::new();
    for _ in 0..50 {
        let mut socket = Line::connect(server.address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{{");
        socket.write_all(head.as_bytes()).await.unwrap();
        posts.push(socket);
    }
    drop(stream);
    server.until_only_bystander().await;
    for mut socket in posts {
        let (response, _) = read_response(&mut socket).await;
        assert_eq!(response.status, 404);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_streams_that_are_never_read_are_let_go_and_delay_nobody() {
    let server = Server::start().await;
    let mut unread = Vec::new();
    for _ in 0..10 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let socket = Line::over(socket.connect(server.address).await.unwrap())
            .await
            .unwrap();
        unread.push(open(&server, "/narrow", socket).await);
    }
    let all = server.narrow.context().clients().all();
    let text = "x".repeat(64 * 1024);
    let storming = async {
        while server.signalr.statistics().connections > 1 {
            all.send("Text", (&text,)).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), storming)
        .await
        .expect("they are let go");
    for (_, socket) in unread {
        timeout(Duration::from_secs(20), ended(socket))
            .await
            .expect("the server ends the stream");
    }
    server.finish().await;
}

/// Reads to the end of a stream, or of its socket if the server has cut that off.
async fn ended(mut socket: Line) {
    let mut read = Vec::new();
    while !read.ends_with(b"0\r\n\r\n") {
        match socket.read_buf(&mut read).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
