//! A server on a real socket, and clients that read at a given speed.

use std::borrow::Borrow;
use std::io::BufRead;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hubwire::protocol::{HubMessage, HubProtocol, Opcode, Transport, write_masked_frame};
use hubwire::{
    HubCallerContext, HubContext, HubEndpoint, HubHandle, HubResult, MapHub, SignalR, hub,
    hub_client,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use crate::any_transport::EVERY_TRANSPORT;
use crate::any_transport::{Follows, Incoming, Posts};
use crate::line::{Line, Wire};
use crate::requests::read_until;

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
    pub async fn start(wire: Wire) -> Self {
        Self::on(wire, SignalR::new()).await
    }

    pub async fn on(wire: Wire, signalr: SignalR) -> Self {
        let hub = signalr.hub::<WayOutHub>().build(WayOutHub);
        let endpoint = hub.endpoint();
        Self::of(wire, signalr, hub, endpoint).await
    }

    pub async fn of(
        wire: Wire,
        signalr: SignalR,
        hub: HubHandle<WayOutHub>,
        endpoint: HubEndpoint,
    ) -> Self {
        let app = axum::Router::new().map_hub("/hub", endpoint);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        let serve = hubwire::serve(listener, app).with(&signalr);
        serving.spawn(wire.apply(serve, address).into_future());
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

    pub async fn connect_over(&self, transport: Transport) -> Client {
        Client::connect_over(transport, self.address, None).await
    }

    pub async fn broadcast(&self, number: usize, text: &str) {
        let all = self.context().clients().all();
        all.text(number, text).await.unwrap();
    }
}

/// A client that reads at a given speed.
pub struct Client<S = Line> {
    /// What the client reads from; a WebSocket is also written to.
    pub socket: S,
    incoming: Incoming,
    posts: Option<Posts>,
    protocol: HubProtocol,
    messages: Vec<u8>,
    /// How many bytes of `messages` were returned already.
    returned: usize,
    /// How many bytes behind those were searched for the end of a message.
    searched: usize,
    is_closed: bool,
    /// Bytes per second; `None` means as fast as possible.
    speed: Option<usize>,
}

impl Client {
    pub async fn connect(address: SocketAddr, receive_buffer: Option<u32>) -> Self {
        Self::over(connected(address, receive_buffer).await).await
    }

    /// Connects over a transport.
    pub async fn connect_over(
        transport: Transport,
        address: SocketAddr,
        receive_buffer: Option<u32>,
    ) -> Self {
        Self::speaking(HubProtocol::Json, transport, address, receive_buffer).await
    }

    /// Connects over a transport with a protocol.
    pub async fn speaking(
        protocol: HubProtocol,
        transport: Transport,
        address: SocketAddr,
        receive_buffer: Option<u32>,
    ) -> Self {
        let socket = connected(address, receive_buffer).await;
        Self::opened_over(socket, protocol, transport, "/hub").await
    }

    /// Connects to the hub at a path.
    pub async fn connect_to(path: &str, transport: Transport, address: SocketAddr) -> Self {
        let socket = connected(address, None).await;
        Self::opened_over(socket, HubProtocol::Json, transport, path).await
    }

    async fn opened_over(
        mut socket: Line,
        protocol: HubProtocol,
        transport: Transport,
        path: &str,
    ) -> Self {
        if transport == Transport::WebSockets {
            upgrade(&mut socket, path).await;
            return Self::new(socket, Incoming::frames(), None)
                .shake_hands(protocol)
                .await;
        }
        let posts = Posts::negotiate(socket.peer_addr().unwrap(), path).await;
        let accept = match transport {
            Transport::ServerSentEvents => "Accept: text/event-stream\r\n",
            _ => "",
        };
        socket
            .write_all(posts.get(accept).as_bytes())
            .await
            .unwrap();
        socket.flush().await.unwrap();
        let (opening, incoming) = match transport {
            Transport::ServerSentEvents => ("3\r\n:\r\n\r\n", Incoming::events()),
            _ => ("\r\n\r\n", Incoming::polls()),
        };
        read_until(&mut socket, opening).await;
        let mut client = Self::new(socket, incoming, Some(posts));
        if transport == Transport::LongPolling {
            client.poll().await;
        }
        client.shake_hands(protocol).await
    }
}

async fn connected(address: SocketAddr, receive_buffer: Option<u32>) -> Line {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(size) = receive_buffer {
        socket.set_recv_buffer_size(size).unwrap();
    }
    let socket = socket.connect(address).await.unwrap();
    Line::over(socket).await.unwrap()
}

async fn upgrade(socket: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) {
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.flush().await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        response.push(socket.read_u8().await.unwrap());
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub async fn over(mut socket: S) -> Self {
        upgrade(&mut socket, "/hub").await;
        Self::upgraded(socket).await
    }

    /// Takes over a stream that carries a WebSocket already, and shakes hands.
    pub async fn upgraded(socket: S) -> Self {
        Self::new(socket, Incoming::frames(), None)
            .shake_hands(HubProtocol::Json)
            .await
    }

    fn new(socket: S, incoming: Incoming, posts: Option<Posts>) -> Self {
        Self {
            socket,
            incoming,
            posts,
            protocol: HubProtocol::Json,
            messages: Vec::new(),
            returned: 0,
            searched: 0,
            is_closed: false,
            speed: None,
        }
    }

    async fn shake_hands(mut self, protocol: HubProtocol) -> Self {
        let name = protocol.name();
        self.send(&json!({"protocol": name, "version": 1})).await;
        assert_eq!(self.message().await, Some(json!({})));
        self.protocol = protocol;
        self
    }

    pub fn at(mut self, bytes_per_second: usize) -> Self {
        self.speed = Some(bytes_per_second);
        self
    }

    /// Sends a record of JSON.
    pub async fn send(&mut self, record: &Value) {
        let record = format!("{record}\u{1e}");
        match &mut self.posts {
            Some(posts) => posts.send(record.as_bytes()).await,
            None => self.send_frame(Opcode::Text, record.as_bytes()).await,
        }
    }

    pub async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], payload);
        self.socket.write_all(&frame).await.unwrap();
        self.socket.flush().await.unwrap();
    }

    /// Sends a record, unless the server no longer takes it.
    pub async fn send_if_open(&mut self, record: &Value) {
        let record = format!("{record}\u{1e}");
        if let Some(posts) = &mut self.posts {
            posts.send_if_open(record.as_bytes()).await;
        }
    }

    /// Ends the connection with a reset of the socket that the client reads from.
    pub fn reset(self)
    where
        S: Borrow<TcpStream>,
    {
        self.socket.borrow().set_zero_linger().unwrap();
    }

    async fn poll(&mut self) {
        let head = self.posts.as_ref().unwrap().get("");
        // The server may have ended the connection, which the next read shows.
        let _ = self.socket.write_all(head.as_bytes()).await;
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
            match self.arrived() {
                Some(message) if message["type"] == 6 => {}
                Some(message) => return Some(message),
                None if self.is_closed => return None,
                None => self.read().await,
            }
        }
    }

    /// Takes the next message from what was read.
    fn arrived(&mut self) -> Option<Value> {
        let rest = &self.messages[self.returned..];
        let (message, size) = match self.protocol {
            HubProtocol::Json => {
                self.searched += (&rest[self.searched..]).skip_until(0x1e).unwrap();
                let record = rest[..self.searched].strip_suffix(b"\x1e")?;
                (serde_json::from_slice(record).unwrap(), self.searched)
            }
            _ => {
                let (message, size) = self.protocol.next_message(rest, None).unwrap()?;
                (unpacked(&message), size)
            }
        };
        self.returned += size;
        self.searched = 0;
        if self.returned > self.messages.len() / 2 {
            self.messages.drain(..self.returned);
            self.returned = 0;
        }
        Some(message)
    }

    async fn read(&mut self) {
        let wanted = self.speed.map_or(64 * KIB, |speed| (speed / 50).max(1));
        let mut buffer = vec![0; wanted];
        let Ok(count @ 1..) = self.socket.read(&mut buffer).await else {
            self.is_closed = true;
            return;
        };
        if let Some(speed) = self.speed {
            sleep(Duration::from_secs_f64(count as f64 / speed as f64)).await;
        }
        match self.incoming.take(&mut buffer[..count], &mut self.messages) {
            Follows::End => self.is_closed = true,
            Follows::More => {}
            Follows::Poll => self.poll().await,
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

/// A push with two arguments as JSON, or the type of another message.
fn unpacked(message: &HubMessage<'_>) -> Value {
    match message {
        HubMessage::Invocation(push) => {
            let (first, second) = push.arguments.bind::<(Value, Value)>().unwrap();
            json!({"type": 1, "target": push.target, "arguments": [first, second]})
        }
        HubMessage::Ping => json!({"type": 6}),
        other => panic!("{other:?}"),
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
