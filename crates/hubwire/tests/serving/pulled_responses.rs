//! Event streams and polls through the HTTP library: how long their clients may read nothing.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hubwire::{HubEndpoint, HubHandle, MapHub, SignalR};
use metrics_util::debugging::DebuggingRecorder;
use serde_json::Value;
use test_support::handed_over::HandedOver;
use test_support::http_client::HANDSHAKE;
use test_support::recorded::{assert_counted, counters};
use test_support::way_out::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// How much the HTTP library takes ahead of a client, and some more.
const AHEAD: usize = 100 * KIB;

/// A server whose connections are pipes of 1 KiB, with default timeouts.
struct PipeServer {
    pipes: UnboundedSender<DuplexStream>,
    signalr: SignalR,
    hub: HubHandle<WayOutHub>,
    _serving: JoinSet<io::Result<()>>,
}

impl PipeServer {
    fn start(configure: impl FnOnce(HubEndpoint) -> HubEndpoint) -> Self {
        let (pipes, accepted) = HandedOver::new();
        let signalr = SignalR::new();
        let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
        let app = Router::new()
            .route("/file", get(|| async { "x".repeat(4 * KIB) }))
            .map_hub("/hub", configure(hub.endpoint()));
        let mut serving = JoinSet::new();
        serving.spawn(hubwire::serve(accepted, app).into_future());
        Self {
            pipes,
            signalr,
            hub,
            _serving: serving,
        }
    }

    fn connect(&self) -> DuplexStream {
        let (near, far) = duplex(KIB);
        self.pipes.send(far).unwrap();
        near
    }

    /// Sends a request on a connection of its own, and returns its response up to a text.
    async fn request(&self, line: &str, body: &str, until: &str) -> String {
        let mut pipe = self.connect();
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}");
        pipe.write_all(head.as_bytes()).await.unwrap();
        read_until(&mut pipe, until).await
    }

    async fn negotiate(&self) -> String {
        let line = "POST /hub/negotiate?negotiateVersion=1";
        let response = self.request(line, "", "}]}").await;
        let body = response.split_once("\r\n\r\n").unwrap().1;
        let body: Value = serde_json::from_str(body).unwrap();
        body["connectionToken"].as_str().unwrap().to_owned()
    }

    async fn post(&self, token: &str, body: &str) {
        let line = format!("POST /hub?id={token}");
        let response = self.request(&line, body, "\r\n\r\n").await;
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    }

    /// Opens an event stream and shakes hands.
    async fn open_event_stream(&self) -> (String, DuplexStream) {
        let token = self.negotiate().await;
        let mut stream = self.connect();
        ask(&mut stream, &token, "Accept: text/event-stream\r\n").await;
        read_until(&mut stream, "3\r\n:\r\n\r\n").await;
        self.post(&token, HANDSHAKE).await;
        read_until(&mut stream, "data: {}\u{1e}\r\n\r\n\r\n").await;
        (token, stream)
    }

    /// Opens a connection by polls and shakes hands.
    async fn start_polling(&self) -> String {
        let token = self.negotiate().await;
        let mut poll = self.connect();
        ask(&mut poll, &token, "").await;
        read_until(&mut poll, "\r\n\r\n").await;
        self.post(&token, HANDSHAKE).await;
        ask(&mut poll, &token, "").await;
        read_until(&mut poll, "{}\u{1e}").await;
        token
    }

    async fn broadcast(&self, number: usize, size: usize) {
        let all = self.hub.context().clients().all();
        all.text(number, &"x".repeat(size)).await.unwrap();
    }

    fn connections(&self) -> usize {
        self.signalr.statistics().connections
    }
}

async fn ask(pipe: &mut DuplexStream, token: &str, headers: &str) {
    let head = format!("GET /hub?id={token} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    pipe.write_all(head.as_bytes()).await.unwrap();
}

/// Reads byte by byte, and nothing beyond the text.
async fn read_until(pipe: &mut DuplexStream, until: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(until.as_bytes()) {
        let mut byte = [0];
        let count = pipe.read(&mut byte).await.unwrap();
        assert_ne!(count, 0, "ended: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&byte);
    }
    String::from_utf8(read).unwrap()
}

/// Waits until the server has dropped a connection whose client reads nothing.
async fn dropped(pipe: &mut DuplexStream) {
    while pipe.write_all(b"x").await.is_ok() {
        sleep(SECOND / 10).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_is_never_read_is_let_go_by_progress_and_its_socket_is_freed() {
    let server = PipeServer::start(|endpoint| endpoint);
    let (_, mut stream) = server.open_event_stream().await;
    // The HTTP library takes some of it ahead, so more has to wait.
    for number in 0..20 {
        server.broadcast(number, AHEAD / 10).await;
    }
    let began = Instant::now();
    sleep(55 * SECOND).await;
    assert_eq!(server.connections(), 1);
    dropped(&mut stream).await;
    let age = began.elapsed();
    assert!((59 * SECOND..130 * SECOND).contains(&age), "{age:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_is_read_slowly_gets_everything() {
    let server = PipeServer::start(|endpoint| endpoint);
    let (_, mut stream) = server.open_event_stream().await;
    for number in 0..30 {
        server.broadcast(number, 10 * KIB).await;
    }
    // A pipe of 1 KiB holds back the whole server: 2 KiB a second are 120 KiB a minute.
    let (mut read, mut part) = (Vec::new(), [0; 2 * KIB]);
    while read.len() < 30 * 10 * KIB {
        sleep(SECOND).await;
        stream.read_exact(&mut part).await.unwrap();
        read.extend_from_slice(&part);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_open_stream_and_a_poll_that_waits_are_not_idle_connections() {
    let server = PipeServer::start(|endpoint| endpoint);
    let (_, mut stream) = server.open_event_stream().await;
    let token = server.start_polling().await;
    let mut poll = server.connect();
    ask(&mut poll, &token, "").await;
    sleep(80 * SECOND).await;
    server.broadcast(7, 1).await;
    let heard = read_until(&mut poll, "\u{1e}").await;
    assert!(heard.contains(r#""arguments":[7,"x"]"#), "{heard}");
    let heard = read_until(&mut stream, r#""arguments":[7,"x"]}"#).await;
    // The server has pinged meanwhile.
    assert!(heard.contains(r#"{"type":6}"#), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_read_slowly_gets_everything() {
    let server = PipeServer::start(|endpoint| endpoint);
    let token = server.start_polling().await;
    server.broadcast(1, 200 * KIB).await;
    let mut poll = server.connect();
    ask(&mut poll, &token, "").await;
    let head = read_until(&mut poll, "\r\n\r\n").await;
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.split_once("\r\n").unwrap().0.parse().unwrap();
    let (mut read, mut part) = (Vec::new(), [0; 4 * KIB]);
    while read.len() < length {
        // Longer than ordinary responses may pause.
        let pause = if read.len() == 52 * KIB {
            30 * SECOND
        } else {
            SECOND
        };
        sleep(pause).await;
        let count = part.len().min(length - read.len());
        poll.read_exact(&mut part[..count]).await.unwrap();
        read.extend_from_slice(&part[..count]);
    }
    assert!(read.ends_with(b"x\"]}\x1e"));
    // The time that it may be away began when the rest was in the pipe.
    sleep(13 * SECOND).await;
    ask(&mut poll, &token, "").await;
    server.broadcast(2, 1).await;
    let heard = read_until(&mut poll, "\u{1e}").await;
    assert!(heard.contains(r#""arguments":[2,"x"]"#), "{heard}");
}

/// Reads a byte every 50 s until the server ends the connection; returns how long that took.
async fn dribble(pipe: &mut DuplexStream) -> Duration {
    let began = Instant::now();
    while began.elapsed() < 3_600 * SECOND {
        let end = timeout(50 * SECOND, dropped(pipe)).await;
        if end.is_ok() || pipe.read_u8().await.is_err() {
            break;
        }
    }
    began.elapsed()
}

/// Whether the rest waits in the queue or with the HTTP library.
#[tokio::test(start_paused = true)]
async fn who_reads_a_byte_of_a_poll_a_minute_is_let_go() {
    for size in [AHEAD / 2, 4 * AHEAD] {
        let server = PipeServer::start(|endpoint| endpoint);
        let token = server.start_polling().await;
        server.broadcast(1, size).await;
        let mut poll = server.connect();
        ask(&mut poll, &token, "").await;
        let age = dribble(&mut poll).await;
        assert!((59 * SECOND..130 * SECOND).contains(&age), "{age:?}");
        sleep(SECOND).await;
        assert_eq!(server.connections(), 0, "with {size} bytes");
        assert_eq!(server.signalr.statistics().outbound_memory, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_byte_of_an_event_stream_a_minute_is_let_go() {
    let server = PipeServer::start(|endpoint| endpoint);
    let (_, mut stream) = server.open_event_stream().await;
    server.broadcast(1, AHEAD / 2).await;
    let age = dribble(&mut stream).await;
    assert!((59 * SECOND..130 * SECOND).contains(&age), "{age:?}");
    sleep(SECOND).await;
    assert_eq!(server.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_event_stream_is_noticed_behind_bytes_that_its_client_sent() {
    let server = PipeServer::start(|endpoint| endpoint);
    for sent_with_the_request in ["x", ""] {
        let token = server.negotiate().await;
        let mut stream = server.connect();
        let head = format!(
            "GET /hub?id={token} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n{sent_with_the_request}"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        read_until(&mut stream, "3\r\n:\r\n\r\n").await;
        server.post(&token, HANDSHAKE).await;
        read_until(&mut stream, "data: {}\u{1e}\r\n\r\n\r\n").await;
        stream.write_all(b"x").await.unwrap();
        sleep(SECOND).await;
        stream.write_all(b"x").await.unwrap();
        sleep(SECOND).await;
        assert_eq!(server.connections(), 1);
        drop(stream);
        sleep(SECOND).await;
        assert_eq!(server.connections(), 0, "{sent_with_the_request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_behind_an_event_stream_is_served_after_its_end() {
    let server = PipeServer::start(|endpoint| endpoint);
    let (_, mut stream) = server.open_event_stream().await;
    stream.write_all(b"GET /file HTTP/1.1\r\n").await.unwrap();
    sleep(SECOND).await;
    stream.write_all(b"Host: x\r\n\r\n").await.unwrap();
    sleep(SECOND).await;
    server.signalr.shutdown().await;
    let heard = read_until(&mut stream, "xxxx").await;
    assert!(heard.contains("0\r\n\r\nHTTP/1.1 200 OK"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_never_read_is_cut_off_by_the_next_one() {
    let server = PipeServer::start(|endpoint| endpoint);
    let token = server.start_polling().await;
    server.broadcast(1, 400 * KIB).await;
    let mut unread = server.connect();
    ask(&mut unread, &token, "").await;
    sleep(20 * SECOND).await;
    let began = Instant::now();
    let mut poll = server.connect();
    ask(&mut poll, &token, "").await;
    dropped(&mut unread).await;
    let age = began.elapsed();
    assert!(age < 3 * SECOND, "{age:?}");
    let heard = read_until(&mut poll, "\u{1e}").await;
    assert!(heard.contains(r#""arguments":[1,"xx"#));
    assert_eq!(server.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_never_read_is_cut_off_although_nothing_else_is_queued() {
    let recorder = DebuggingRecorder::new();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let server = PipeServer::start(|endpoint| endpoint);
    let token = server.start_polling().await;
    server.broadcast(1, 400 * KIB).await;
    let mut unread = server.connect();
    ask(&mut unread, &token, "").await;
    let began = Instant::now();
    let cut = timeout(600 * SECOND, dropped(&mut unread)).await;
    cut.expect("the server drops it");
    let age = began.elapsed();
    assert!((60 * SECOND..62 * SECOND).contains(&age), "{age:?}");
    sleep(SECOND).await;
    assert_eq!(server.connections(), 0);
    let recorded = recorder.snapshotter().snapshot().into_vec();
    let mut hits = counters(&recorded, "hubwire.limit.hits");
    // The requests before it are on connections of their own.
    hits.retain(|(name, _)| name != "request_headers_timeout");
    assert_counted(&hits, &[("transport_progress_timeout", 1)]);
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_poll_on_its_connection_has_the_limit_of_ordinary_responses() {
    let server = PipeServer::start(|endpoint| endpoint);
    let token = server.start_polling().await;
    server.broadcast(1, 1).await;
    let mut client = server.connect();
    ask(&mut client, &token, "").await;
    read_until(&mut client, "\u{1e}").await;
    let began = Instant::now();
    while client
        .write_all(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .is_ok()
    {}
    let age = began.elapsed();
    assert!((10 * SECOND..11 * SECOND).contains(&age), "{age:?}");
}
