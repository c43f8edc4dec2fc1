//! WebSockets over HTTP/2: by extended CONNECT (RFC 8441), many on one connection.

use std::time::Duration;

use h2::client::Builder;
use hubwire::protocol::Opcode;
use serde_json::json;
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::http_client::HANDSHAKE;
use test_support::http2::{Http2, Http2Socket};
use test_support::tls::HTTP_2;
use test_support::way_out::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::server::PipeServer;

const SECOND: Duration = Duration::from_secs(1);

async fn open(http2: &mut Http2, path: &str) -> BareWebSocket<Http2Socket> {
    let mut web_socket = BareWebSocket::upgraded(http2.web_socket(path).await);
    web_socket.send(Opcode::Text, HANDSHAKE.as_bytes()).await;
    assert_eq!(web_socket.next().await, Bare::Text("{}\u{1e}".to_owned()));
    web_socket
}

fn call(target: &str, argument: &str) -> String {
    let call = json!({"type": 1, "invocationId": "1", "target": target, "arguments": [argument]});
    format!("{call}\u{1e}")
}

fn echoed(text: &str) -> Bare {
    Bare::Text(format!(
        "{{\"type\":3,\"invocationId\":\"1\",\"result\":\"{text}\"}}\u{1e}"
    ))
}

#[tokio::test(start_paused = true)]
async fn a_message_of_megabytes_passes_in_both_directions() {
    let server = PipeServer::start();
    // Windows of the protocol's defaults, and wide ones.
    for window in [65_535, 10_000_000] {
        let mut builder = Builder::new();
        builder.initial_window_size(window);
        builder.initial_connection_window_size(window);
        let stream = server.encrypted(&[HTTP_2]).await;
        let mut http2 = Http2::with(&builder, stream).await;
        let socket = http2.web_socket("/probe").await;
        let mut web_socket = BareWebSocket::upgraded(socket);
        web_socket.send(Opcode::Text, HANDSHAKE.as_bytes()).await;
        assert_eq!(web_socket.next().await, Bare::Text("{}\u{1e}".to_owned()));
        let text = "x".repeat(3_000_000);
        web_socket
            .send(Opcode::Text, call("Echo", &text).as_bytes())
            .await;
        assert!(web_socket.next().await == echoed(&text));
        web_socket.leave(&1000_u16.to_be_bytes()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn hubs_on_one_connection_are_independent() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    let mut probes = Vec::new();
    for _ in 0..50 {
        probes.push(open(&mut http2, "/probe").await);
    }
    let mut listener = Client::upgraded(http2.web_socket("/hub").await).await;
    assert_eq!(server.connections(), 51);
    for (number, probe) in probes.iter_mut().enumerate() {
        let text = number.to_string();
        probe
            .send(Opcode::Text, call("Echo", &text).as_bytes())
            .await;
    }
    for (number, probe) in probes.iter_mut().enumerate() {
        assert_eq!(probe.next().await, echoed(&number.to_string()));
    }
    server.broadcast(7, "to the other hub").await;
    let push = listener.message().await.unwrap();
    assert_eq!(push["arguments"], json!([7, "to the other hub"]));
    for probe in probes.drain(..25) {
        probe.leave(&1000_u16.to_be_bytes()).await;
    }
    server
        .probe
        .journal
        .until_nth(25, "disconnected: transport closed")
        .await;
    assert_eq!(server.connections(), 26);
}

/// The end is a Close frame, and END_STREAM behind it.
#[tokio::test(start_paused = true)]
async fn both_sides_can_close() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    let mut leaving = open(&mut http2, "/probe").await;
    let staying = open(&mut http2, "/probe").await;
    leaving.send(Opcode::Close, &1000_u16.to_be_bytes()).await;
    assert_eq!(leaving.next().await, Bare::Close(Some(1000)));
    let mut socket = leaving.into_inner();
    assert_eq!(socket.read(&mut [0]).await.unwrap(), 0, "END_STREAM");
    assert!(socket.body.is_end_stream());
    assert_eq!(server.connections(), 1);

    let shutdown = server.signalr.shutdown();
    let goodbye = async {
        let mut staying = staying;
        let close = "{\"type\":7,\"allowReconnect\":true}\u{1e}";
        assert_eq!(staying.next().await, Bare::Text(close.to_owned()));
        assert_eq!(staying.next().await, Bare::Close(Some(1000)));
        let _ = staying
            .try_send(Opcode::Close, &1000_u16.to_be_bytes())
            .await;
        let mut socket = staying.into_inner();
        assert_eq!(socket.read(&mut [0]).await.unwrap(), 0, "END_STREAM");
        assert!(socket.body.is_end_stream());
    };
    let both = async { tokio::join!(shutdown, goodbye) };
    timeout(10 * SECOND, both).await.unwrap();
}

/// A client may end only its own direction, or reset the stream, or drop the connection: its hub
/// connections end, each hook runs once, and other streams go on.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_in_any_way_leaves_nothing() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    let mut staying = open(&mut http2, "/probe").await;
    for reset in [
        None,
        Some(h2::Reason::CANCEL),
        Some(h2::Reason::INTERNAL_ERROR),
    ] {
        let mut socket = open(&mut http2, "/probe").await.into_inner();
        assert_eq!(server.connections(), 2);
        match reset {
            None => socket.shutdown().await.unwrap(),
            Some(reason) => socket.sender.send_reset(reason),
        }
        server.until_connections(1).await;
    }
    // While a method runs, and while one blocks the reading of more.
    let mut calling = open(&mut http2, "/probe").await;
    calling
        .send(Opcode::Text, call("Wait", "calling").as_bytes())
        .await;
    server.probe.journal.until("calling began").await;
    calling.into_inner().sender.send_reset(h2::Reason::CANCEL);
    server.until_connections(1).await;
    server.probe.gate.let_one_pass();
    server.probe.journal.until("calling ended").await;

    staying
        .send(Opcode::Text, call("Echo", "still here").as_bytes())
        .await;
    assert!(matches!(staying.next().await, Bare::Text(_)));
    let mut others = Vec::new();
    for _ in 0..9 {
        others.push(open(&mut http2, "/probe").await);
    }
    drop(http2);
    server.until_connections(0).await;
    sleep(SECOND).await;
    let journal = server.probe.journal.entries();
    let count = |text: &str| journal.iter().filter(|it| it.starts_with(text)).count();
    assert_eq!((count("connected"), count("disconnected")), (14, 14));
    let left = server.signalr.statistics();
    assert_eq!((left.tasks, left.tokens, left.orphaned_calls), (0, 0, 0));
}

/// Its messages wait for a call, and what it sends beyond them for its window; others are not
/// delayed.
#[tokio::test(start_paused = true)]
async fn a_stalled_upload_delays_no_other_stream() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    let mut stalled = open(&mut http2, "/probe").await;
    stalled
        .send(Opcode::Text, call("Wait", "stalled").as_bytes())
        .await;
    server.probe.journal.until("stalled began").await;
    let note = call("Note", &"x".repeat(20_000));
    let sending = async {
        for _ in 0..20 {
            stalled.send(Opcode::Text, note.as_bytes()).await;
        }
    };
    assert!(
        timeout(SECOND, sending).await.is_err(),
        "its window is full"
    );
    let path = http2.polling("/probe").await;
    http2.post(&path, &call("Wait", "posted")).await;
    server.probe.journal.until("posted began").await;
    let request = Http2::request(http::Method::POST, &path);
    let (waiting_post, mut body) = http2.begin(request).await;
    body.send_data(call("Note", &"x".repeat(100_000)).into(), true)
        .unwrap();

    let mut other = open(&mut http2, "/probe").await;
    let text = "x".repeat(300_000);
    let echo = async {
        other
            .send(Opcode::Text, call("Echo", &text).as_bytes())
            .await;
        assert!(matches!(other.next().await, Bare::Text(_)));
        assert_eq!(http2.get("/").await.text().await, "hello");
    };
    timeout(SECOND, echo).await.expect("others go on");
    drop((waiting_post, body, stalled));
    server.probe.gate.let_one_pass();
    server.probe.gate.let_one_pass();
    drop((http2, other));
    // The one that polls is away for 15 s first.
    sleep(40 * SECOND).await;
    let left = server.signalr.statistics();
    assert_eq!((left.connections, left.tasks), (0, 0));
}

/// A proxy may pass many users' WebSockets on over one connection.
#[tokio::test(start_paused = true)]
async fn many_stalled_uploads_delay_no_other_stream() {
    let server = PipeServer::start();
    let mut http2 = server.http2().await;
    let note = call("Note", &"x".repeat(20_000));
    let mut stalled = Vec::new();
    for number in 1..=90 {
        let mut web_socket = open(&mut http2, "/probe").await;
        web_socket
            .send(Opcode::Text, call("Wait", "stalled").as_bytes())
            .await;
        server
            .probe
            .journal
            .until_nth(number, "stalled began")
            .await;
        let sending = async {
            for _ in 0..20 {
                web_socket.send(Opcode::Text, note.as_bytes()).await;
            }
        };
        assert!(
            timeout(SECOND / 100, sending).await.is_err(),
            "its window is full"
        );
        stalled.push(web_socket);
    }
    let mut other = open(&mut http2, "/probe").await;
    let text = "x".repeat(300_000);
    let echo = async {
        other
            .send(Opcode::Text, call("Echo", &text).as_bytes())
            .await;
        assert!(matches!(other.next().await, Bare::Text(_)));
    };
    timeout(SECOND, echo).await.expect("others go on");
}
