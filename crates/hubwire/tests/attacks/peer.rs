//! A client of any transport and either hub protocol, which sends any record.

use std::net::SocketAddr;
use std::time::Duration;

use hubwire::protocol::{
    Completion, CompletionOutcome, HubMessage, HubProtocol, Opcode, Transport, write_masked_frame,
};
use serde_json::{Value, json};
use test_support::any_transport::{Follows, Incoming};
use test_support::line::Line;
use test_support::packed::pack;
use test_support::requests::{UPGRADE, read_response, read_until, send_head};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::http::{EVENTS, exchange};
use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(30);

/// Every transport with every hub protocol that it carries.
pub(crate) const EVERY_WAY: [(Transport, HubProtocol); 5] = [
    (Transport::WebSockets, HubProtocol::Json),
    (Transport::WebSockets, HubProtocol::MessagePack),
    (Transport::ServerSentEvents, HubProtocol::Json),
    (Transport::LongPolling, HubProtocol::Json),
    (Transport::LongPolling, HubProtocol::MessagePack),
];

/// A connection after its handshake.
pub(crate) struct Peer {
    address: SocketAddr,
    /// The path with the connection's token.
    target: String,
    headers: String,
    transport: Transport,
    protocol: HubProtocol,
    /// What it reads from; a WebSocket is also written to.
    socket: Line,
    incoming: Incoming,
    bytes: Vec<u8>,
}

impl Peer {
    /// Opens a connection, each request with these headers.
    pub(crate) async fn open(
        stage: &Stage,
        path: &str,
        headers: &str,
        (transport, protocol): (Transport, HubProtocol),
    ) -> Self {
        let (_, token) = stage.negotiate(path, headers).await;
        let (more, incoming) = match transport {
            Transport::WebSockets => (UPGRADE, Incoming::frames()),
            Transport::ServerSentEvents => (EVENTS, Incoming::events()),
            _ => ("", Incoming::polls()),
        };
        let mut peer = Self {
            address: stage.address,
            target: format!("{path}?id={token}"),
            headers: headers.to_owned(),
            transport,
            protocol: HubProtocol::Json,
            socket: Line::connect(stage.address).await.unwrap(),
            incoming,
            bytes: Vec::new(),
        };
        peer.socket.set_nodelay(true).unwrap();
        peer.get(more).await;
        match transport {
            Transport::WebSockets => {
                let head = read_until(&mut peer.socket, "\r\n\r\n").await;
                assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            }
            Transport::ServerSentEvents => {
                read_until(&mut peer.socket, "3\r\n:\r\n\r\n").await;
            }
            _ => {}
        }
        peer.shake_hands(protocol).await;
        peer
    }

    async fn shake_hands(&mut self, protocol: HubProtocol) {
        let name = protocol.name();
        self.send(&json!({"protocol": name, "version": 1})).await;
        while !self.bytes.ends_with(b"{}\x1e") {
            self.read().await;
        }
        self.bytes.clear();
        self.protocol = protocol;
    }

    async fn get(&mut self, more: &str) {
        let headers = format!("{}{more}", self.headers);
        let line = format!("GET {}", self.target);
        send_head(&mut self.socket, self.address, &line, &headers, b"").await;
    }

    /// Sends a record, given as JSON.
    pub(crate) async fn send(&mut self, record: &Value) {
        let mut message = Vec::new();
        match self.protocol {
            HubProtocol::Json => message.extend(format!("{record}\x1e").into_bytes()),
            _ => pack(record, &mut message).unwrap(),
        }
        match self.transport {
            Transport::WebSockets => {
                let opcode = match self.protocol {
                    HubProtocol::Json => Opcode::Text,
                    _ => Opcode::Binary,
                };
                let mut frame = Vec::new();
                write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], &message);
                self.socket.write_all(&frame).await.unwrap();
                self.socket.flush().await.unwrap();
            }
            _ => self.post(&message).await,
        }
    }

    async fn post(&self, body: &[u8]) {
        let mut socket = Line::connect(self.address).await.unwrap();
        let (target, length) = (&self.target, body.len());
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\n{}Content-Length: {length}\r\n\r\n",
            self.address, self.headers
        );
        let request = [head.as_bytes(), body].concat();
        socket.write_all(&request).await.unwrap();
        socket.flush().await.unwrap();
        assert_eq!(read_response(&mut socket).await.0.status, 200);
    }

    /// Ends the connection; a client that polls has to say so.
    pub(crate) async fn leave(self) {
        if self.transport == Transport::LongPolling {
            let headers = format!("Host: {}\r\n{}", self.address, self.headers);
            let line = format!("DELETE {}", self.target);
            let deleted = exchange(self.address, &line, &headers, "").await;
            assert_eq!(deleted.status, 202);
        }
    }

    async fn read(&mut self) {
        let mut buffer = vec![0; 16 * 1024];
        let read = timeout(PATIENCE, self.socket.read(&mut buffer)).await;
        let count = read.expect("something arrives").unwrap();
        assert_ne!(count, 0, "the connection has ended");
        match self.incoming.take(&mut buffer[..count], &mut self.bytes) {
            Follows::Poll => self.get("").await,
            Follows::More => {}
            Follows::End => panic!("the connection has ended"),
        }
    }

    /// Returns the next completion: its id, and its result or error.
    pub(crate) async fn completion(&mut self) -> (String, Result<Value, String>) {
        loop {
            let next = self.protocol.next_message(&self.bytes, None).unwrap();
            let Some((message, size)) = next else {
                self.read().await;
                continue;
            };
            let completion = match message {
                HubMessage::Completion(Completion {
                    invocation_id,
                    outcome,
                    ..
                }) => Some((invocation_id.into_owned(), decoded(&outcome))),
                _ => None,
            };
            self.bytes.drain(..size);
            if let Some(completion) = completion {
                return completion;
            }
        }
    }

    /// Calls a method with a text, and asserts that nothing else is completed before.
    pub(crate) async fn expect_alive(&mut self) {
        self.send(
            &json!({"type": 1, "invocationId": "alive", "target": "Echo", "arguments": ["x"]}),
        )
        .await;
        let alive = ("alive".to_owned(), Ok("x".into()));
        assert_eq!(self.completion().await, alive);
    }
}

fn decoded(outcome: &CompletionOutcome<'_>) -> Result<Value, String> {
    match outcome {
        CompletionOutcome::Error(text) => Err(text.to_string()),
        CompletionOutcome::Result(result) => Ok(result.decode().unwrap()),
        CompletionOutcome::Void => Ok(Value::Null),
    }
}
