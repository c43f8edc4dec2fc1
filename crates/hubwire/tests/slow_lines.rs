//! Clients that read at once, behind slow lines: in network namespaces with real queues.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::env;
use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hubwire::protocol::Transport;
use serde_json::json;
use test_support::line::Wire;
use test_support::way_out::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Longer than a send may wait, which used to end such clients.
const LASTS: Duration = Duration::from_secs(15);

/// Set for the process that runs behind a line.
const BEHIND: &str = "HUBWIRE_BEHIND_A_LINE";

/// Turns the loopback of a namespace into a line, and runs one test of this file behind it.
const NAMESPACE: &str = "PATH=$PATH:/usr/sbin && ip link set lo mtu 1500 && ip link set lo up && \
    tc qdisc add dev lo root tbf rate $HUBWIRE_BEHIND_A_LINE burst 16kb latency 2s && \
    exec \"$0\" --exact \"$1\" --nocapture";

/// Runs `test` again in another process, behind a line of this rate; there it runs `lasts`.
fn assert_lasts_behind(line: &str, test: &str, lasts: impl FnOnce()) {
    if env::var_os(BEHIND).is_some() {
        return lasts();
    }
    let output = Command::new("unshare")
        .args(["--net", "--map-root-user", "sh", "-c", NAMESPACE])
        .arg(env::current_exe().unwrap())
        .arg(test)
        .env(BEHIND, line)
        .output()
        .expect("util-linux, which has unshare, is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "needs ip and tc of iproute2; {said}{failed}"
    );
}

#[test]
fn a_stream_lasts_over_a_line_of_200_kbit() {
    let test = "a_stream_lasts_over_a_line_of_200_kbit";
    let lasts = || assert_lasts(Wire::Plain, Transport::WebSockets);
    assert_lasts_behind("200kbit", test, lasts);
}

#[test]
fn a_stream_lasts_as_events_over_a_line_of_200_kbit() {
    let test = "a_stream_lasts_as_events_over_a_line_of_200_kbit";
    let lasts = || assert_lasts(Wire::Plain, Transport::ServerSentEvents);
    assert_lasts_behind("200kbit", test, lasts);
}

#[test]
fn a_stream_lasts_in_polls_over_a_line_of_200_kbit() {
    let test = "a_stream_lasts_in_polls_over_a_line_of_200_kbit";
    let lasts = || assert_lasts(Wire::Plain, Transport::LongPolling);
    assert_lasts_behind("200kbit", test, lasts);
}

#[test]
fn a_stream_lasts_over_a_line_of_400_kbit() {
    let test = "a_stream_lasts_over_a_line_of_400_kbit";
    let lasts = || assert_lasts(Wire::Plain, Transport::WebSockets);
    assert_lasts_behind("400kbit", test, lasts);
}

#[test]
fn a_stream_lasts_over_tls_and_a_line_of_200_kbit() {
    let test = "a_stream_lasts_over_tls_and_a_line_of_200_kbit";
    let lasts = || assert_lasts(Wire::Tls, Transport::WebSockets);
    assert_lasts_behind("200kbit", test, lasts);
}

#[test]
fn a_stream_lasts_as_events_over_tls_and_a_line_of_200_kbit() {
    let test = "a_stream_lasts_as_events_over_tls_and_a_line_of_200_kbit";
    let lasts = || assert_lasts(Wire::Tls, Transport::ServerSentEvents);
    assert_lasts_behind("200kbit", test, lasts);
}

#[test]
fn a_stream_lasts_in_polls_over_tls_and_a_line_of_200_kbit() {
    let test = "a_stream_lasts_in_polls_over_tls_and_a_line_of_200_kbit";
    let lasts = || assert_lasts(Wire::Tls, Transport::LongPolling);
    assert_lasts_behind("200kbit", test, lasts);
}

#[tokio::main]
async fn assert_lasts(wire: Wire, transport: Transport) {
    let server = Server::start(wire).await;
    let mut client = server.connect_over(transport).await;
    let call = json!({"type": 4, "invocationId": "s", "target": "Endless", "arguments": []});
    client.send(&call).await;
    let until = Instant::now() + LASTS;
    let mut items = 0;
    while Instant::now() < until {
        let item = timeout(PATIENCE, client.message()).await.unwrap();
        assert_eq!(item.expect("it was disconnected")["type"], 2);
        items += 1;
    }
    // Far less than the line carries, and far more than the buffers hold.
    assert!(items > 150, "{items} items of 1 KiB arrived");
}

/// A client that reads everything is not mistaken for one that reads nothing, however much the
/// system buffers for it.
#[test]
fn a_download_lasts_over_a_line_of_64_kbit() {
    let test = "a_download_lasts_over_a_line_of_64_kbit";
    assert_lasts_behind("64kbit", test, assert_download_lasts);
}

#[tokio::main]
async fn assert_download_lasts() {
    let file = || async { "x".repeat(32 * 1024 * KIB) };
    let app = Router::new().route("/file", get(file));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(hubwire::serve(listener, app).into_future());
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(request).await.unwrap();
    let until = Instant::now() + 2 * LASTS;
    let (mut count, mut part) = (0, vec![0; 64 * KIB]);
    while Instant::now() < until {
        let read = timeout(PATIENCE, client.read(&mut part)).await;
        let read = read.expect("something arrives").unwrap();
        assert_ne!(read, 0, "cut off after {count} bytes");
        count += read;
    }
}
