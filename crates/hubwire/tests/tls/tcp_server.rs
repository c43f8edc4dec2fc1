//! A server that speaks TLS on TCP sockets, and its clients.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hubwire::protocol::{Opcode, write_masked_frame};
use hubwire::{HubHandle, MapHub, SignalR, Statistics};
use serde_json::json;
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::http_client::HANDSHAKE;
use test_support::http2::{Http2, Http2Socket};
use test_support::http2_frames::*;
use test_support::tls::*;
use test_support::way_out::WayOutHub;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_rustls::client::TlsStream;

use crate::server::app;

pub(crate) type Encrypted = TlsStream<TcpStream>;

/// The setting of the initial window of a stream.
const INITIAL_WINDOW: u16 = 4;

const MAXIMUM_WINDOW: u32 = 0x7fff_ffff;

/// Longer than anything takes on a busy machine that has no time limit.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long a client of `/hasty` may take nothing.
const PROGRESS_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct TcpServer {
    pub(crate) signalr: SignalR,
    /// The hub at `/hub` and `/hasty`.
    pub(crate) hub: HubHandle<WayOutHub>,
    address: SocketAddr,
    certificate: Certificate,
    _files: PemFiles,
    _serving: JoinSet<io::Result<()>>,
}

impl TcpServer {
    pub(crate) async fn start() -> Self {
        let signalr = SignalR::new();
        let (app, hub, _) = app(&signalr);
        let hasty = hub.endpoint().transport_progress_timeout(PROGRESS_TIMEOUT);
        let app = app.map_hub("/hasty", hasty);
        let certificate = Certificate::new();
        let files = PemFiles::new(&certificate);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serve = hubwire::serve(listener, app)
            .with(&signalr)
            .tls(files.tls());
        let mut serving = JoinSet::new();
        serving.spawn(serve.into_future());
        Self {
            signalr,
            hub,
            address,
            certificate,
            _files: files,
            _serving: serving,
        }
    }

    /// Connects with a socket of the system's own buffers.
    pub(crate) async fn encrypted(&self) -> Encrypted {
        self.encrypted_over(TcpSocket::new_v4().unwrap()).await
    }

    /// Connects with a socket whose kernel buffers few unread bytes.
    pub(crate) async fn encrypted_with_small_buffer(&self) -> Encrypted {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        self.encrypted_over(socket).await
    }

    async fn encrypted_over(&self, socket: TcpSocket) -> Encrypted {
        let stream = socket.connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        connect(&self.certificate.client(&[HTTP_2]), stream).await
    }

    pub(crate) async fn http2(&self) -> Http2 {
        Http2::over(self.encrypted().await).await
    }

    pub(crate) async fn frames(&self, settings: &[(u16, u32)]) -> Frames<Encrypted> {
        Frames::open(self.encrypted().await, settings).await
    }

    pub(crate) async fn honest(&self) -> Honest {
        let mut http2 = self.http2().await;
        let mut web_socket = BareWebSocket::upgraded(http2.web_socket("/probe").await);
        web_socket.send(Opcode::Text, HANDSHAKE.as_bytes()).await;
        assert_eq!(web_socket.next().await, Bare::Text("{}\u{1e}".to_owned()));
        Honest { http2, web_socket }
    }

    pub(crate) async fn broadcast(&self, number: usize, text: &str) {
        let all = self.hub.context().clients().all();
        all.text(number, text).await.unwrap();
    }

    /// Waits until there are this many connections to hubs.
    pub(crate) async fn until_connections(&self, count: usize) {
        self.until(PATIENCE, |left| left.connections == count).await;
    }

    /// Waits until nothing is left of any client.
    pub(crate) async fn until_nothing_is_left(&self) {
        self.until(PATIENCE, |left| *left == Statistics::default())
            .await;
    }

    pub(crate) async fn until(&self, limit: Duration, reached: impl Fn(&Statistics) -> bool) {
        let since = Instant::now();
        while !reached(&self.signalr.statistics()) {
            let statistics = self.signalr.statistics();
            assert!(since.elapsed() < limit, "{statistics:?}");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A client of `/probe` that keeps to the rules.
pub(crate) struct Honest {
    pub(crate) http2: Http2,
    web_socket: BareWebSocket<Http2Socket>,
}

impl Honest {
    /// Calls a method, and waits for its result.
    pub(crate) async fn call(&mut self) {
        let call = json!({"type": 1, "invocationId": "1", "target": "Add", "arguments": [1, 2]});
        let call = format!("{call}\u{1e}");
        self.web_socket.send(Opcode::Text, call.as_bytes()).await;
        let ping = Bare::Text("{\"type\":6}\u{1e}".to_owned());
        let mut answer = self.web_socket.next().await;
        while answer == ping {
            answer = self.web_socket.next().await;
        }
        let result = "{\"type\":3,\"invocationId\":\"1\",\"result\":3}\u{1e}";
        assert_eq!(answer, Bare::Text(result.to_owned()));
    }
}

/// Opens an event stream and a WebSocket on a connection whose windows never end.
pub(crate) async fn open_both_streams(
    stream: Encrypted,
    server: &TcpServer,
    hub: &str,
) -> Frames<Encrypted> {
    let mut http2 = server.http2().await;
    let mut frames = Frames::open(stream, &[(INITIAL_WINDOW, MAXIMUM_WINDOW)]).await;
    let increment = (MAXIMUM_WINDOW - 65_535).to_be_bytes();
    frames.send(WINDOW_UPDATE, 0, 0, &increment).await;
    open_event_stream(&mut frames, 1, &mut http2, hub).await;
    let headers = block(&web_socket_headers(hub));
    frames.send(HEADERS, END_HEADERS, 3, &headers).await;
    frames.until(HEADERS, 3).await;
    let mut handshake = Vec::new();
    write_masked_frame(&mut handshake, Opcode::Text, [0; 4], HANDSHAKE.as_bytes());
    frames.send(DATA, 0, 3, &handshake).await;
    server.until_connections(2).await;
    frames
}

/// Opens an event stream of a hub on this stream, with a handshake; returns its path.
pub(crate) async fn open_event_stream(
    frames: &mut Frames<Encrypted>,
    stream: u32,
    http2: &mut Http2,
    hub: &str,
) -> String {
    let path = http2.negotiate(hub).await;
    let accept = ("accept", "text/event-stream");
    let headers = [&get(&path)[..], &[accept]].concat();
    frames.request(stream, &headers).await;
    frames.until(HEADERS, stream).await;
    http2.post(&path, HANDSHAKE).await;
    path
}

/// The headers that open a WebSocket.
pub(crate) fn web_socket_headers(path: &str) -> [(&str, &str); 6] {
    [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", path),
        ("sec-websocket-version", "13"),
    ]
}
