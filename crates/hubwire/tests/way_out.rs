//! Nobody who keeps up is let go, and nobody who is busy delays others: on real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hubwire::protocol::{FrameDecoder, FrameEvent, Masking, Opcode, write_masked_frame};
use hubwire::{
    DeadPeerTimeouts, HubCallerContext, HubContext, HubEndpoint, HubHandle, HubResult,
    InProcessFarm, MapHub, SignalR, hub, hub_client,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const KIB: usize = 1024;
const MB: usize = 1_000_000;

/// What no test takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

#[hub_client]
trait WayOutClient {
    fn text(&self, number: usize, text: &str);
}

struct WayOutHub;

#[hub(client = WayOutClient)]
impl WayOutHub {
    fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    /// Items of 1 KiB without end.
    fn endless(&self) -> impl Stream<Item = String> {
        stream::repeat_with(|| "x".repeat(KIB)).then(std::future::ready)
    }

    /// Sends something small to everybody, and then blocks its thread.
    async fn send_and_block(&self, cx: &HubCallerContext<Self>, milliseconds: u64) -> HubResult {
        cx.clients().all().text(0, "small").await?;
        #[expect(
            clippy::disallowed_methods,
            reason = "that it blocks is what is tested"
        )]
        std::thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }

    /// Pushes to its caller, and then blocks its thread.
    async fn block(&self, cx: &HubCallerContext<Self>, milliseconds: u64) -> HubResult {
        let caller = cx.clients().caller();
        for number in 0..20 {
            drop(
                caller
                    .as_ref()
                    .start_send("Text", &(number, "x".repeat(16 * KIB))),
            );
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "that it blocks is what is tested"
        )]
        std::thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }
}

/// A server on a real socket.
struct Server {
    signalr: SignalR,
    hub: HubHandle<WayOutHub>,
    address: SocketAddr,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Server {
    async fn start() -> Self {
        Self::on(SignalR::new()).await
    }

    async fn on(signalr: SignalR) -> Self {
        let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
        let endpoint = hub.endpoint();
        Self::of(signalr, hub, endpoint).await
    }

    async fn of(signalr: SignalR, hub: HubHandle<WayOutHub>, endpoint: HubEndpoint) -> Self {
        let app = axum::Router::new().map_hub("/hub", endpoint);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(hubwire::serve(listener, app).with(&signalr).into_future());
        Self {
            signalr,
            hub,
            address,
            _serving: serving,
        }
    }

    fn context(&self) -> HubContext<WayOutHub> {
        self.hub.context()
    }

    async fn connect(&self) -> Client {
        Client::connect(self.address, None).await
    }

    async fn broadcast(&self, number: usize, text: &str) {
        let all = self.context().clients().all();
        all.text(number, text).await.unwrap();
    }
}

/// A client that reads as fast as it is told to.
struct Client {
    socket: TcpStream,
    frames: FrameDecoder,
    records: Vec<u8>,
    /// Bytes for each second; as fast as they come where there is none.
    speed: Option<usize>,
}

impl Client {
    async fn connect(address: SocketAddr, receive_buffer: Option<u32>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size).unwrap();
        }
        let mut socket = socket.connect(address).await.unwrap();
        let head = "GET /hub HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            response.push(socket.read_u8().await.unwrap());
        }
        let mut client = Self {
            socket,
            frames: FrameDecoder::new(Masking::Forbidden),
            records: Vec::new(),
            speed: None,
        };
        client
            .send(&json!({"protocol": "json", "version": 1}))
            .await;
        assert_eq!(client.message().await, Some(json!({})));
        client
    }

    fn at(mut self, bytes_per_second: usize) -> Self {
        self.speed = Some(bytes_per_second);
        self
    }

    async fn send(&mut self, record: &Value) {
        let mut frame = Vec::new();
        let record = format!("{record}\u{1e}");
        write_masked_frame(
            &mut frame,
            Opcode::Text,
            true,
            [1, 2, 3, 4],
            record.as_bytes(),
        );
        self.socket.write_all(&frame).await.unwrap();
    }

    async fn id(&mut self) -> String {
        self.send(&json!({"type": 1, "invocationId": "id", "target": "Id", "arguments": []}))
            .await;
        let completion = self.message().await.unwrap();
        completion["result"].as_str().unwrap().to_owned()
    }

    /// The next message but a ping; `None` when the connection has ended.
    async fn message(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.records.iter().position(|byte| *byte == 0x1e) {
                let record: Vec<u8> = self.records.drain(..=end).collect();
                let message: Value = serde_json::from_slice(&record[..end]).unwrap();
                if message["type"] == 6 {
                    continue;
                }
                return Some(message);
            }
            let wanted = self.speed.map_or(64 * KIB, |speed| (speed / 50).max(1));
            let mut buffer = vec![0; wanted];
            let Ok(count @ 1..) = self.socket.read(&mut buffer).await else {
                return None;
            };
            if let Some(speed) = self.speed {
                sleep(Duration::from_secs_f64(count as f64 / speed as f64)).await;
            }
            let mut input = &mut buffer[..count];
            while let Some(event) = self.frames.next(&mut input).unwrap() {
                match event {
                    FrameEvent::Data { payload, .. } => self.records.extend_from_slice(payload),
                    FrameEvent::Close { .. } => return None,
                    _ => {}
                }
            }
        }
    }

    /// How many numbered pushes come in order before the connection ends, or `count` of them.
    async fn count_pushes(mut self, count: usize) -> usize {
        for number in 0..count {
            match self.message().await {
                Some(push) => assert_eq!(push["arguments"][0], number),
                None => return number,
            }
        }
        count
    }
}

/// Lets clients read in tasks of their own.
fn reading(clients: Vec<Client>, count: usize) -> JoinSet<usize> {
    let mut reading = JoinSet::new();
    for client in clients {
        reading.spawn(client.count_pushes(count));
    }
    reading
}

async fn assert_all_read(mut reading: JoinSet<usize>, count: usize) {
    while let Some(read) = timeout(PATIENCE, reading.join_next()).await.unwrap() {
        assert_eq!(read.unwrap(), count, "messages were lost");
    }
}

async fn broadcasts_reach(clients: Vec<Client>, server: &Server, size: usize, count: usize) {
    let reading = reading(clients, count);
    let text = "x".repeat(size);
    for number in 0..count {
        server.broadcast(number, &text).await;
    }
    assert_all_read(reading, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_of_any_size_reach_fresh_clients_that_read_at_once() {
    let server = Server::start().await;
    for (size, count) in [(MB, 20), (64 * KIB, 375), (256 * KIB, 94), (MB, 24)] {
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(server.connect().await);
        }
        broadcasts_reach(clients, &server, size, count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_of_megabytes_reach_the_one_client_that_reads() {
    let server = Server::start().await;
    for (size, count) in [(2 * MB, 6), (3 * MB, 3)] {
        let mut client = server.connect().await;
        let only = server.context().clients().client(client.id().await);
        let reading = reading(vec![client], count);
        let text = "x".repeat(size);
        for number in 0..count {
            only.text(number, &text).await.unwrap();
        }
        assert_all_read(reading, count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_reaches_a_client_that_reads_it_steadily_through_a_small_window() {
    let server = Server::start().await;
    let client = Client::connect(server.address, Some(64 * KIB as u32)).await;
    let clients = vec![client.at(20 * MB), server.connect().await];
    broadcasts_reach(clients, &server, MB, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_lasts_for_as_long_as_its_client_reads_it_however_slowly() {
    let server = Server::start().await;
    let mut reading = JoinSet::new();
    for speed in [20_000, 50_000, 100_000] {
        let mut client = Client::connect(server.address, Some(16 * KIB as u32)).await;
        let call = json!({"type": 4, "invocationId": "s", "target": "Endless", "arguments": []});
        client.send(&call).await;
        let mut client = client.at(speed);
        reading.spawn(async move {
            let until = Instant::now() + Duration::from_secs(14);
            while Instant::now() < until {
                let item = timeout(PATIENCE, client.message()).await.unwrap();
                assert_eq!(item.expect("it was let go")["type"], 2);
            }
        });
    }
    while let Some(read) = reading.join_next().await {
        read.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_method_that_blocks_its_thread_delays_no_broadcast() {
    let server = Server::start().await;
    let mut busy = server.connect().await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(server.connect().await);
    }
    busy.send(&json!({"type": 1, "target": "Block", "arguments": [1500]}))
        .await;
    sleep(Duration::from_millis(200)).await;
    let since = Instant::now();
    let reading = reading(others, 20);
    let text = "x".repeat(16 * KIB);
    for number in 0..20 {
        server.broadcast(number, &text).await;
    }
    let sent = since.elapsed();
    assert_all_read(reading, 20).await;
    assert!(
        sent < Duration::from_millis(700),
        "sent only after {sent:?}"
    );
}

/// Reads one push with each of these sockets, on a thread of its own; when the last one came.
///
/// The server's workers are all that a blocked thread may hold up.
fn when_all_heard(address: SocketAddr, clients: usize) -> (JoinHandle<Instant>, Arc<Barrier>) {
    let connected = Arc::new(Barrier::new(2));
    let barrier = Arc::clone(&connected);
    #[expect(clippy::disallowed_methods, reason = "joined by whoever gets it")]
    let heard = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut all = Vec::new();
            for _ in 0..clients {
                all.push(Client::connect(address, None).await);
            }
            barrier.wait();
            assert_all_read(reading(all, 1), 1).await;
            Instant::now()
        })
    });
    (heard, connected)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_method_sends_before_it_blocks_its_thread_reaches_everybody() {
    let server = Server::start().await;
    let mut busy = server.connect().await;
    for _ in 0..3 {
        let (heard, connected) = when_all_heard(server.address, 16);
        tokio::task::block_in_place(|| connected.wait());
        let since = Instant::now();
        busy.send(&json!({"type": 1, "target": "SendAndBlock", "arguments": [1500]}))
            .await;
        let heard = tokio::task::block_in_place(|| heard.join()).unwrap();
        let heard = heard.duration_since(since);
        assert!(heard < Duration::from_millis(1000), "only after {heard:?}");
        sleep(Duration::from_millis(1600)).await;
    }
}

/// Drops every packet that reaches the socket, as a dead network does.
fn cut_off(socket: &TcpStream) {
    const RETURN: u16 = 0x06;
    let nothing = socket2::SockFilter::new(RETURN, 0, 0, 0);
    socket2::SockRef::from(socket)
        .attach_filter(&[nothing])
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_whose_network_is_dead_is_given_up_with_whatever_traffic_or_none() {
    let signalr = SignalR::new();
    let hub = signalr
        .hub::<WayOutHub>()
        .keep_alive_interval(Duration::from_secs(3600));
    let hub = hub.build(WayOutHub);
    let timeouts = DeadPeerTimeouts {
        unacknowledged: Duration::from_secs(3),
        keep_alive: Duration::from_secs(1),
    };
    let endpoint = hub.endpoint().dead_peer_timeouts(timeouts);
    let server = Server::of(signalr, hub, endpoint).await;
    let alive = server.connect().await;
    for sends in [false, true] {
        let dead = server.connect().await;
        cut_off(&dead.socket);
        let since = Instant::now();
        while server.signalr.statistics().connections > 1 {
            if sends {
                server.broadcast(0, "text").await;
            }
            sleep(Duration::from_millis(200)).await;
            assert!(
                since.elapsed() < Duration::from_secs(12),
                "it is still there"
            );
        }
    }
    drop(alive);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_of_another_node_reach_clients_that_read() {
    let farm = InProcessFarm::new();
    let node = |farm: &InProcessFarm| SignalR::builder().backplane(farm.node()).build();
    let here = Server::on(node(&farm)).await;
    let there = Server::on(node(&farm)).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(here.connect().await);
    }
    broadcasts_reach(clients, &there, 16 * KIB, 4000).await;
    assert_eq!(here.signalr.statistics().outbound_bytes, 0);
}
