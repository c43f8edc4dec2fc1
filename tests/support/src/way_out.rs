//! A server on a real socket, and clients that read at a given speed.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hubwire::protocol::{FrameDecoder, FrameEvent, Masking, Opcode, write_masked_frame};
use hubwire::{
    HubCallerContext, HubContext, HubEndpoint, HubHandle, HubResult, MapHub, SignalR, hub,
    hub_client,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub const KIB: usize = 1024;

/// Longer than any test takes, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[hub_client]
pub trait WayOutClient {
    fn text(&self, number: usize, text: &str);
}

pub struct WayOutHub;

#[hub(client = WayOutClient)]
impl WayOutHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    /// Streams items of 1 KiB forever.
    pub fn endless(&self) -> impl Stream<Item = String> {
        stream::repeat_with(|| "x".repeat(KIB)).then(std::future::ready)
    }

    /// Sends something small to everybody, and then blocks its thread.
    pub async fn send_and_block(
        &self,
        cx: &HubCallerContext<Self>,
        milliseconds: u64,
    ) -> HubResult {
        cx.clients().all().text(0, "small").await?;
        #[expect(clippy::disallowed_methods, reason = "the test needs a blocked thread")]
        std::thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }

    /// Sends to its caller, and then blocks its thread.
    pub async fn block(&self, cx: &HubCallerContext<Self>, milliseconds: u64) -> HubResult {
        let caller = cx.clients().caller();
        for number in 0..20 {
            drop(
                caller
                    .as_ref()
                    .start_send("Text", &(number, "x".repeat(16 * KIB))),
            );
        }
        #[expect(clippy::disallowed_methods, reason = "the test needs a blocked thread")]
        std::thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }
}

/// A server on a real socket.
pub struct Server {
    pub signalr: SignalR,
    pub hub: HubHandle<WayOutHub>,
    pub address: SocketAddr,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Server {
    pub async fn start() -> Self {
        Self::on(SignalR::new()).await
    }

    pub async fn on(signalr: SignalR) -> Self {
        let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
        let endpoint = hub.endpoint();
        Self::of(signalr, hub, endpoint).await
    }

    pub async fn of(signalr: SignalR, hub: HubHandle<WayOutHub>, endpoint: HubEndpoint) -> Self {
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

    pub fn context(&self) -> HubContext<WayOutHub> {
        self.hub.context()
    }

    pub async fn connect(&self) -> Client {
        Client::connect(self.address, None).await
    }

    pub async fn broadcast(&self, number: usize, text: &str) {
        let all = self.context().clients().all();
        all.text(number, text).await.unwrap();
    }
}

/// A client that reads at a given speed.
pub struct Client<S = TcpStream> {
    pub socket: S,
    frames: FrameDecoder,
    records: Vec<u8>,
    is_closed: bool,
    /// Bytes per second; `None` means as fast as possible.
    speed: Option<usize>,
}

impl Client {
    pub async fn connect(address: SocketAddr, receive_buffer: Option<u32>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size).unwrap();
        }
        Self::over(socket.connect(address).await.unwrap()).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub async fn over(mut socket: S) -> Self {
        let head = "GET /hub HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.flush().await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            response.push(socket.read_u8().await.unwrap());
        }
        let mut client = Self {
            socket,
            frames: FrameDecoder::new(Masking::Forbidden),
            records: Vec::new(),
            is_closed: false,
            speed: None,
        };
        client
            .send(&json!({"protocol": "json", "version": 1}))
            .await;
        assert_eq!(client.message().await, Some(json!({})));
        client
    }

    pub fn at(mut self, bytes_per_second: usize) -> Self {
        self.speed = Some(bytes_per_second);
        self
    }

    pub async fn send(&mut self, record: &Value) {
        let record = format!("{record}\u{1e}");
        self.send_frame(Opcode::Text, record.as_bytes()).await;
    }

    pub async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], payload);
        self.socket.write_all(&frame).await.unwrap();
        self.socket.flush().await.unwrap();
    }

    pub async fn id(&mut self) -> String {
        self.send(&json!({"type": 1, "invocationId": "id", "target": "Id", "arguments": []}))
            .await;
        let completion = self.message().await.unwrap();
        completion["result"].as_str().unwrap().to_owned()
    }

    /// Returns the next message that is not a ping; `None` once the connection has ended.
    pub async fn message(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.records.iter().position(|byte| *byte == 0x1e) {
                let record: Vec<u8> = self.records.drain(..=end).collect();
                let message: Value = serde_json::from_slice(&record[..end]).unwrap();
                if message["type"] == 6 {
                    continue;
                }
                return Some(message);
            }
            if self.is_closed {
                return None;
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
                    FrameEvent::Close { .. } => self.is_closed = true,
                    _ => {}
                }
            }
        }
    }

    /// Returns how many numbered messages arrive in order before the connection ends, at most
    /// `count`.
    pub async fn count_pushes(mut self, count: usize) -> usize {
        for number in 0..count {
            match self.message().await {
                Some(push) => assert_eq!(push["arguments"][0], number),
                None => return number,
            }
        }
        count
    }
}

/// Lets each client read in a separate task.
pub fn reading(clients: Vec<Client>, count: usize) -> JoinSet<usize> {
    let mut reading = JoinSet::new();
    for client in clients {
        reading.spawn(client.count_pushes(count));
    }
    reading
}

pub async fn assert_all_read(mut reading: JoinSet<usize>, count: usize) {
    while let Some(read) = timeout(PATIENCE, reading.join_next()).await.unwrap() {
        assert_eq!(read.unwrap(), count, "messages were lost");
    }
}

pub async fn broadcasts_reach(clients: Vec<Client>, server: &Server, size: usize, count: usize) {
    let reading = reading(clients, count);
    let text = "x".repeat(size);
    for number in 0..count {
        server.broadcast(number, &text).await;
    }
    assert_all_read(reading, count).await;
}
