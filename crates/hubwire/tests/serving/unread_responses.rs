//! HTTP clients that send requests and read no response: when they are cut off, and that
//! WebSockets are not.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hubwire::{HubHandle, MapHub, SignalR};
use test_support::handed_over::HandedOver;
use test_support::way_out::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// The limit of a server without any settings.
const DEFAULT: Duration = Duration::from_secs(10);

/// Timers end on whole milliseconds.
const TICK: Duration = Duration::from_millis(2);

const REQUEST: &[u8] = b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n";

/// A server with a file that is larger than a pipe, and a hub.
struct PipeServer {
    pipes: UnboundedSender<DuplexStream>,
    hub: HubHandle<WayOutHub>,
    _serving: JoinSet<io::Result<()>>,
}

fn app() -> Router {
    Router::new().route("/file", get(|| async { "x".repeat(4 * KIB) }))
}

impl PipeServer {
    fn start(limit: Option<Duration>) -> Self {
        let (pipes, accepted) = HandedOver::new();
        let signalr = SignalR::new();
        let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
        let app = app().map_hub("/hub", hub.endpoint());
        let mut serve = hubwire::serve(accepted, app);
        if let Some(limit) = limit {
            serve = serve.write_timeout(limit);
        }
        let mut serving = JoinSet::new();
        serving.spawn(serve.into_future());
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
}

/// Sends requests until the server ends the connection, and reads nothing.
async fn ask_on(client: &mut (impl AsyncWriteExt + Unpin)) {
    while client.write_all(REQUEST).await.is_ok() {}
}

/// Checks a server with this setting, or with none.
async fn assert_limit(set: Option<Duration>, limit: Duration) {
    let server = PipeServer::start(set);
    let mut client = server.connect();
    let since = Instant::now();
    let cut = timeout(10 * limit, ask_on(&mut client)).await;
    cut.expect("the server ends the connection");
    let age = since.elapsed();
    assert!((limit..limit + TICK).contains(&age), "cut after {age:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_no_response_is_cut_off_after_10_seconds() {
    assert_limit(None, DEFAULT).await;
}

#[tokio::test(start_paused = true)]
async fn the_application_can_set_the_limit() {
    for limit in [SECOND, 60 * SECOND] {
        assert_limit(Some(limit), limit).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_gets_everything() {
    let server = PipeServer::start(None);
    let mut client = server.connect();
    client.write_all(REQUEST).await.unwrap();
    let mut response = Vec::new();
    while response.len() < 4 * KIB {
        sleep(DEFAULT - SECOND).await;
        let mut part = [0; 512];
        let count = client.read(&mut part).await.unwrap();
        assert_ne!(count, 0, "cut off after {} bytes", response.len());
        response.extend_from_slice(&part[..count]);
    }
}

/// Slow WebSockets have rules of their own, which are more patient.
#[tokio::test(start_paused = true)]
async fn web_sockets_are_not_meant() {
    let server = PipeServer::start(None);
    let mut client = Client::over(server.connect()).await;
    let text = "x".repeat(30 * KIB);
    let all = server.hub.context().clients().all();
    all.text(0, &text).await.unwrap();
    sleep(3 * DEFAULT).await;
    let push = client.message().await.expect("the connection continues");
    assert_eq!(push["arguments"][1], text);
}

/// The client's kernel buffers little, and the server's is soon full of responses.
#[tokio::test]
async fn the_socket_of_a_peer_that_reads_nothing_is_freed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/file", get(|| async { "x".repeat(1024 * KIB) }));
    let mut serving = JoinSet::new();
    let serve = hubwire::serve(listener, app).write_timeout(Duration::from_millis(300));
    serving.spawn(serve.into_future());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut client = socket.connect(address).await.unwrap();
    let asking = async {
        for _ in 0..64 {
            client.write_all(REQUEST).await.unwrap();
        }
        // Bytes sent to a closed socket are answered with a reset, which the next write reports.
        while client.write_all(REQUEST).await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let cut = timeout(PATIENCE, asking).await;
    cut.expect("the server ends the connection");
}
