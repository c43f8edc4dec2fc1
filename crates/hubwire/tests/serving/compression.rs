//! A layer around all routes that compresses responses: what clients read of each transport.

use std::io::{self, Read};
use std::time::Duration;

use axum::Router;
use flate2::read::GzDecoder;
use hubwire::protocol::Opcode;
use hubwire::{HubHandle, MapHub, SignalR};
use serde_json::Value;
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::handed_over::HandedOver;
use test_support::http_client::HANDSHAKE;
use test_support::way_out::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower_http::compression::CompressionLayer;

/// What is held back comes with the next ping, after 15 s.
const AT_ONCE: Duration = Duration::from_secs(1);

struct CompressingServer {
    pipes: UnboundedSender<DuplexStream>,
    hub: HubHandle<WayOutHub>,
    _serving: JoinSet<io::Result<()>>,
}

/// A response, read to its end and decompressed.
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn is_compressed(&self) -> bool {
        self.head.contains("\r\ncontent-encoding: gzip\r\n")
    }
}

impl CompressingServer {
    fn start() -> Self {
        let (pipes, accepted) = HandedOver::new();
        let hub = SignalR::new().hub::<WayOutHub>().build(WayOutHub);
        let app = Router::new()
            .map_hub("/hub", hub.endpoint())
            .layer(CompressionLayer::new());
        let mut serving = JoinSet::new();
        serving.spawn(hubwire::serve(accepted, app).into_future());
        Self {
            pipes,
            hub,
            _serving: serving,
        }
    }

    fn connect(&self) -> DuplexStream {
        let (near, far) = duplex(KIB);
        self.pipes.send(far).unwrap();
        near
    }

    /// Sends a request, whose response may be compressed, on a connection of its own.
    async fn ask(&self, line: &str, headers: &str, body: &str) -> DuplexStream {
        let mut pipe = self.connect();
        let length = body.len();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        pipe.write_all(head.as_bytes()).await.unwrap();
        pipe.write_all(body.as_bytes()).await.unwrap();
        pipe
    }

    async fn request(&self, line: &str, body: &str) -> Answer {
        let mut pipe = self.ask(line, "Connection: close\r\n", body).await;
        let mut whole = Vec::new();
        pipe.read_to_end(&mut whole).await.unwrap();
        answer(&whole)
    }

    /// Negotiates, opens the connection with a request that has these headers, and shakes hands.
    async fn open(&self, headers: &str) -> (String, DuplexStream) {
        let negotiated = self
            .request("POST /hub/negotiate?negotiateVersion=1", "")
            .await;
        assert!(negotiated.is_compressed(), "{}", negotiated.head);
        let document: Value = serde_json::from_str(&negotiated.body).unwrap();
        let path = format!("/hub?id={}", document["connectionToken"].as_str().unwrap());
        let mut opened = self.ask(&format!("GET {path}"), headers, "").await;
        let head = read_until(&mut opened, "\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(!head.contains("gzip"), "{head}");
        let posted = self.request(&format!("POST {path}"), HANDSHAKE).await;
        assert!(posted.head.starts_with("HTTP/1.1 200 OK"));
        (path, opened)
    }

    async fn broadcast(&self, number: usize, size: usize) {
        let all = self.hub.context().clients().all();
        all.text(number, &"x".repeat(size)).await.unwrap();
    }
}

/// Reads byte by byte, and nothing beyond the text.
async fn read_until(pipe: &mut DuplexStream, until: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(until.as_bytes()) {
        read.push(pipe.read_u8().await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

fn answer(whole: &[u8]) -> Answer {
    let end = whole.windows(4).position(|part| part == b"\r\n\r\n");
    let (head, mut body) = whole.split_at(end.unwrap() + 4);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let mut bytes = Vec::new();
    if head.contains("\r\ntransfer-encoding: chunked\r\n") {
        while let Some(end) = body.windows(2).position(|part| part == b"\r\n") {
            let size = str::from_utf8(&body[..end]).unwrap();
            let (chunk, rest) = body[end + 2..].split_at(usize::from_str_radix(size, 16).unwrap());
            bytes.extend_from_slice(chunk);
            body = &rest[2..];
        }
    } else {
        bytes.extend_from_slice(body);
    }
    let mut answer = Answer {
        head,
        body: String::new(),
    };
    if answer.is_compressed() {
        let mut decoder = GzDecoder::new(&*bytes);
        decoder.read_to_string(&mut answer.body).unwrap();
    } else {
        answer.body = String::from_utf8(bytes).unwrap();
    }
    answer
}

fn message(number: usize, size: usize) -> String {
    let text = "x".repeat(size);
    format!(r#"{{"type":1,"target":"Text","arguments":[{number},"{text}"]}}"#)
}

#[tokio::test(start_paused = true)]
async fn event_streams_are_neither_compressed_nor_held_back() {
    let server = CompressingServer::start();
    let (_, mut stream) = server.open("Accept: text/event-stream\r\n").await;
    read_until(&mut stream, "data: {}\u{1e}\r\n\r\n").await;
    for (number, size) in [1, 100, 10 * KIB, 1].into_iter().enumerate() {
        server.broadcast(number, size).await;
        let sent = Instant::now();
        let heard = read_until(&mut stream, "\u{1e}\r\n\r\n").await;
        assert!(sent.elapsed() < AT_ONCE, "{:?}", sent.elapsed());
        assert!(heard.contains(&message(number, size)), "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn polls_are_compressed_and_bring_what_is_sent_while_they_wait() {
    let server = CompressingServer::start();
    let (path, _) = server.open("").await;
    let poll = format!("GET {path}");
    // So little is not worth it.
    let answer = server.request(&poll, "").await;
    assert!(!answer.is_compressed(), "{}", answer.head);
    assert_eq!(answer.body, "{}\u{1e}");
    for (number, size) in [100, 100 * KIB, 100].into_iter().enumerate() {
        let asked = Instant::now();
        let sent = server.broadcast(number, size);
        let (answer, ()) = tokio::join!(server.request(&poll, ""), sent);
        assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
        assert!(answer.is_compressed(), "{}", answer.head);
        assert_eq!(answer.body, message(number, size) + "\u{1e}");
    }
}

#[tokio::test(start_paused = true)]
async fn web_sockets_pass_the_layer() {
    let server = CompressingServer::start();
    let mut socket = BareWebSocket::upgrade(server.connect(), "/hub").await;
    socket.send(Opcode::Text, HANDSHAKE.as_bytes()).await;
    assert_eq!(socket.next().await, Bare::Text("{}\u{1e}".to_owned()));
    server.broadcast(1, 100).await;
    assert_eq!(socket.next().await, Bare::Text(message(1, 100) + "\u{1e}"));
}
