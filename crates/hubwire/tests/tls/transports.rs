//! Every transport over TLS, on TCP and on Unix sockets, with HTTP/1.1 and HTTP/2.

use std::time::Duration;

use hubwire::SignalR;
use hubwire::protocol::Opcode;
use serde_json::json;
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::http_client::HANDSHAKE;
use test_support::http2::Http2;
use test_support::tls::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::rustls::ProtocolVersion;

use crate::server::app;

const PATIENCE: Duration = Duration::from_secs(30);

const EVENT_STREAM: &str = "Accept: text/event-stream\r\n";

/// Sends a request, and returns the response up to this text.
async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    line: &str,
    headers: &str,
    body: &str,
    until: &str,
) -> String {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    read_until(stream, until).await
}

async fn read_until(stream: &mut (impl AsyncRead + Unpin), until: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !read.ends_with(until.as_bytes()) {
            read.push(stream.read_u8().await.unwrap());
        }
    };
    let arrived = timeout(PATIENCE, reading).await;
    let text = String::from_utf8(read).unwrap();
    assert!(arrived.is_ok(), "expected {until:?}, received {text:?}");
    text
}

async fn negotiate(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    let line = "POST /probe/negotiate?negotiateVersion=1";
    let response = ask(stream, line, "", "", "}]}").await;
    let document = response.split_once("\r\n\r\n").unwrap().1;
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    format!(
        "/probe?id={}",
        document["connectionToken"].as_str().unwrap()
    )
}

fn echo(text: &str) -> String {
    let call = json!({"type": 1, "invocationId": "1", "target": "Echo", "arguments": [text]});
    format!("{call}\u{1e}")
}

fn echoed(text: &str) -> String {
    format!("{{\"type\":3,\"invocationId\":\"1\",\"result\":\"{text}\"}}\u{1e}")
}

/// Shakes hands over a WebSocket, and calls a method.
async fn echo_over(web_socket: &mut BareWebSocket<impl AsyncRead + AsyncWrite + Unpin>) {
    web_socket.send(Opcode::Text, HANDSHAKE.as_bytes()).await;
    assert_eq!(web_socket.next().await, Bare::Text("{}\u{1e}".to_owned()));
    web_socket
        .send(Opcode::Text, echo("over TLS").as_bytes())
        .await;
    let next = web_socket.next().await;
    assert_eq!(next, Bare::Text(echoed("over TLS")));
}

/// Uses every transport of HTTP/1.1, each over connections of its own.
async fn use_http1<S: AsyncRead + AsyncWrite + Unpin>(connect: impl AsyncFn() -> S) {
    let mut web_socket = BareWebSocket::upgrade(connect().await, "/probe").await;
    echo_over(&mut web_socket).await;
    web_socket.leave(&1000_u16.to_be_bytes()).await;

    let mut posts = connect().await;
    let path = negotiate(&mut posts).await;
    let (get, post) = (format!("GET {path}"), format!("POST {path}"));
    let mut events = connect().await;
    ask(&mut events, &get, EVENT_STREAM, "", "3\r\n:\r\n\r\n").await;
    ask(&mut posts, &post, "", HANDSHAKE, "\r\n\r\n").await;
    read_until(&mut events, "data: {}\u{1e}\r\n\r\n\r\n").await;
    ask(&mut posts, &post, "", &echo("events"), "\r\n\r\n").await;
    let event = format!("data: {}\r\n\r\n\r\n", echoed("events"));
    read_until(&mut events, &event).await;

    let path = negotiate(&mut posts).await;
    let (get, post) = (format!("GET {path}"), format!("POST {path}"));
    let mut polls = connect().await;
    ask(&mut polls, &get, "", "", "\r\n\r\n").await;
    ask(&mut posts, &post, "", HANDSHAKE, "\r\n\r\n").await;
    ask(&mut polls, &get, "", "", "{}\u{1e}").await;
    ask(&mut posts, &post, "", &echo("polls"), "\r\n\r\n").await;
    ask(&mut polls, &get, "", "", &echoed("polls")).await;
}

/// Uses every transport over one connection of HTTP/2.
async fn use_http2(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
    let mut http2 = Http2::over(stream).await;
    let (mut events, events_path) = http2.event_stream("/probe").await;
    let polls = http2.polling("/probe").await;
    let mut web_socket = BareWebSocket::upgraded(http2.web_socket("/probe").await);
    echo_over(&mut web_socket).await;
    http2.post(&events_path, &echo("events")).await;
    let event = format!("data: {}\r\n\r\n", echoed("events"));
    events.read_until(&event).await;
    http2.post(&polls, &echo("polls")).await;
    let polled = http2.get(&polls).await.text().await;
    assert_eq!(polled, echoed("polls"));
    web_socket.leave(&1000_u16.to_be_bytes()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_transport_works_over_tls_on_tcp() {
    let listener = hubwire::listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let certificate = Certificate::new();
    let files = PemFiles::new(&certificate);
    let signalr = SignalR::new();
    let mut serving = JoinSet::new();
    let (app, ..) = app(&signalr);
    serving.spawn(hubwire::serve(listener, app).tls(files.tls()).into_future());
    let tcp = async || TcpStream::connect(address).await.unwrap();
    for versions in [&[&TLS12], &[&TLS13]] {
        for protocols in [&[HTTP_1][..], &[]] {
            let connector = certificate.client_of(protocols, versions);
            use_http1(async || connect(&connector, tcp().await).await).await;
        }
        // The server prefers HTTP/2, whatever the client's order is.
        for protocols in [&[HTTP_2][..], &[HTTP_1, HTTP_2]] {
            let connector = certificate.client_of(protocols, versions);
            let stream = connect(&connector, tcp().await).await;
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(HTTP_2));
            use_http2(stream).await;
        }
    }
    let connector = certificate.client(&[]);
    let stream = connect(&connector, tcp().await).await;
    let version = stream.get_ref().1.protocol_version();
    assert_eq!(version, Some(ProtocolVersion::TLSv1_3));
    until_nobody_is_left(&signalr).await;
}

async fn until_nobody_is_left(signalr: &SignalR) {
    let leaving = async {
        loop {
            let left = signalr.statistics();
            // Those that polled are away for as long as they may be.
            if left.connections == left.tokens && left.tasks == left.connections {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let left = timeout(PATIENCE, leaving).await;
    assert!(left.is_ok(), "{:?}", signalr.statistics());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_transport_works_on_unix_sockets_with_tls_and_without() {
    let certificate = Certificate::new();
    let files = PemFiles::new(&certificate);
    let signalr = SignalR::new();
    let mut serving = JoinSet::new();
    let (app, ..) = app(&signalr);
    let paths = ["plain", "tls"].map(|name| files.folder().join(name));
    let [plain, tls] = paths
        .each_ref()
        .map(|path| UnixListener::bind(path).unwrap());
    serving.spawn(hubwire::serve(plain, app.clone()).into_future());
    serving.spawn(hubwire::serve(tls, app).tls(files.tls()).into_future());
    let [plain, tls] = &paths;
    use_http1(async || UnixStream::connect(plain).await.unwrap()).await;
    let unix = async || UnixStream::connect(tls).await.unwrap();
    let connector = certificate.client(&[HTTP_1]);
    use_http1(async || connect(&connector, unix().await).await).await;
    let connector = certificate.client(&[HTTP_2]);
    use_http2(connect(&connector, unix().await).await).await;
}

/// A client of plain HTTP gets TLS's alert, or just the end, but never HTTP.
#[tokio::test]
async fn what_is_no_tls_is_closed_without_plain_text() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let files = PemFiles::new(&Certificate::new());
    let signalr = SignalR::new();
    let mut serving = JoinSet::new();
    let (app, ..) = app(&signalr);
    serving.spawn(hubwire::serve(listener, app).tls(files.tls()).into_future());
    let random = [0x16, 3, 1, 0xff, 0xff, 7, 7, 7].repeat(1000);
    let http = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for bytes in [&http[..], &random, &[0; 5]] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        // The server may have closed it before the end.
        let _ = socket.write_all(bytes).await;
        let mut response = Vec::new();
        let reading = timeout(PATIENCE, socket.read_to_end(&mut response));
        let _ = reading.await.expect("the server closes");
        let is_alert = response.is_empty() || response.starts_with(&[0x15, 3]);
        assert!(is_alert, "{}", response.escape_ascii());
    }
}

/// Beyond the limit, not even a handshake is begun.
#[tokio::test]
async fn a_connection_beyond_the_maximum_is_closed_without_plain_text() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let certificate = Certificate::new();
    let files = PemFiles::new(&certificate);
    let signalr = SignalR::new();
    let mut serving = JoinSet::new();
    let (app, ..) = app(&signalr);
    let serve = hubwire::serve(listener, app).maximum_connections(1);
    serving.spawn(serve.tls(files.tls()).into_future());
    let connector = certificate.client(&[HTTP_2]);
    let tcp = async || TcpStream::connect(address).await.unwrap();
    let mut first = Http2::over(connect(&connector, tcp().await).await).await;
    let mut web_socket = first.web_socket("/probe").await;
    let mut refused = tcp().await;
    let mut response = Vec::new();
    let _ = timeout(PATIENCE, refused.read_to_end(&mut response))
        .await
        .unwrap();
    assert_eq!(response, b"");
    // The hub's connection ends with the HTTP connection, which gives its place away.
    drop(first);
    let _ = web_socket.read_to_end(&mut Vec::new()).await;
    let served = async {
        loop {
            let name = "localhost".try_into().unwrap();
            if connector.connect(name, tcp().await).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, served)
        .await
        .expect("there is room again");
}
