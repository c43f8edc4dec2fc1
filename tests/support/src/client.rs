//! A WebSocket client that sends anything and shows everything that it receives.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hubwire::protocol::{
    DataKind, FrameDecoder, FrameEvent, Masking, Opcode, RECORD_SEPARATOR, write_masked_fragment,
    write_masked_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::line::Line;
use crate::requests::{UPGRADE, read_response, send_head};

const PATIENCE: Duration = Duration::from_secs(10);
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\x1e";

/// Something that a client received.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Close(Option<u16>),
    /// The end of the TCP connection, without an error.
    Eof,
    Pong(Vec<u8>),
    /// One record, without its separator.
    Record(String),
    Reset,
}

/// One WebSocket.
pub struct Client {
    socket: Line,
    frames: FrameDecoder,
    message: Vec<u8>,
    received: VecDeque<Received>,
    may_be_cut: bool,
    has_sent_fin: bool,
}

impl Client {
    /// Upgrades without sending a handshake.
    pub async fn upgrade(address: SocketAddr, path: &str) -> Self {
        let socket = Line::connect(address).await.unwrap();
        Self::upgrade_over(socket, address, path, b"").await
    }

    /// Upgrades with bytes directly after the request.
    pub async fn upgrade_over(
        socket: impl Into<Line>,
        address: SocketAddr,
        path: &str,
        behind: &[u8],
    ) -> Self {
        Self::upgrade_with(socket.into(), address, path, UPGRADE, behind).await
    }

    async fn upgrade_with(
        mut socket: Line,
        address: SocketAddr,
        path: &str,
        headers: &str,
        behind: &[u8],
    ) -> Self {
        let line = format!("GET {path}");
        send_head(&mut socket, address, &line, headers, behind).await;
        let (response, mut rest) = read_response(&mut socket).await;
        assert_eq!(response.status, 101, "{response:?}");
        let mut client = Self {
            socket,
            frames: FrameDecoder::new(Masking::Forbidden),
            message: Vec::new(),
            received: VecDeque::new(),
            may_be_cut: false,
            has_sent_fin: false,
        };
        client.decode(&mut rest);
        client
    }

    /// Upgrades and completes the handshake.
    pub async fn open(address: SocketAddr, path: &str) -> Self {
        let mut client = Self::upgrade(address, path).await;
        client.send_text(HANDSHAKE).await;
        client.expect("{}").await;
        client
    }

    /// Opens a connection with additional request headers.
    pub async fn open_with_headers(address: SocketAddr, path: &str, more: &str) -> Self {
        let socket = Line::connect(address).await.unwrap();
        Self::open_over(socket, address, path, more).await
    }

    /// Opens a connection over a socket, with additional request headers.
    pub async fn open_over(
        socket: impl Into<Line>,
        address: SocketAddr,
        path: &str,
        more: &str,
    ) -> Self {
        let headers = format!("{UPGRADE}{more}");
        let mut client = Self::upgrade_with(socket.into(), address, path, &headers, b"").await;
        client.send_text(HANDSHAKE).await;
        client.expect("{}").await;
        client
    }

    /// Opens a connection with a kernel that buffers few unread bytes.
    pub async fn open_with_small_window(address: SocketAddr, path: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let socket = socket.connect(address).await.unwrap();
        let socket = Line::over(socket).await.unwrap();
        let mut client = Self::upgrade_over(socket, address, path, b"").await;
        client.send_text(HANDSHAKE).await;
        client.expect("{}").await;
        client
    }

    pub fn local_address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Sends one record as one text frame.
    pub async fn send(&mut self, record: &str) {
        self.send_text(&format!("{record}\x1e")).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Opcode::Text, text.as_bytes()).await;
    }

    pub async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, MASK, payload);
        self.send_raw(&frame).await;
    }

    /// Sends part of a message, and not its last.
    pub async fn send_fragment(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_fragment(&mut frame, opcode, MASK, payload);
        self.send_raw(&frame).await;
    }

    /// Sends bytes that need not be frames.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        let written = tokio::time::timeout(PATIENCE, self.socket.write_all(bytes)).await;
        written.expect("the server reads").unwrap();
        let flushed = tokio::time::timeout(PATIENCE, self.socket.flush()).await;
        flushed.expect("the server reads").unwrap();
    }

    pub async fn send_close(&mut self, payload: &[u8]) {
        self.send_frame(Opcode::Close, payload).await;
    }

    /// Sends FIN and continues to read.
    pub async fn send_fin(&mut self) {
        self.has_sent_fin = true;
        self.socket.shutdown().await.unwrap();
    }

    /// Sends an out-of-band byte, which is not part of the stream.
    pub fn send_urgent_byte(&self) {
        let socket = socket2::SockRef::from(&self.socket);
        socket.send_out_of_band(&[0]).unwrap();
    }

    /// Drops the TCP connection with a reset.
    pub fn reset(self) {
        self.socket.set_zero_linger().unwrap();
    }

    pub async fn call(&mut self, id: &str, target: &str, arguments: &str) {
        let id = format!(r#""invocationId":"{id}""#);
        let target = format!(r#""target":"{target}","arguments":[{arguments}]"#);
        self.send(&format!(r#"{{"type":1,{id},{target}}}"#)).await;
    }

    /// Returns the next thing that arrives.
    pub async fn next(&mut self) -> Received {
        let waited = tokio::time::timeout(PATIENCE, self.receive()).await;
        waited.expect("something arrives")
    }

    async fn receive(&mut self) -> Received {
        loop {
            if let Some(received) = self.received.pop_front() {
                return received;
            }
            let mut buffer = vec![0; 64 * 1024];
            match self.socket.read(&mut buffer).await {
                Ok(0) => {
                    let is_cut = !self.message.is_empty();
                    assert!(self.may_be_cut || !is_cut, "half a message at the end");
                    return Received::Eof;
                }
                Ok(count) => self.decode(&mut buffer[..count]),
                // A server that was left sends no close_notify.
                Err(error) if self.has_sent_fin && error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Received::Eof;
                }
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
                    return Received::Reset;
                }
            }
        }
    }

    fn decode(&mut self, mut input: &mut [u8]) {
        while let Some(event) = self.frames.next(&mut input).unwrap() {
            match event {
                FrameEvent::Data {
                    payload,
                    kind,
                    is_end,
                } => {
                    assert_eq!(kind, DataKind::Text, "JSON is sent in text frames");
                    self.message.extend_from_slice(payload);
                    if is_end {
                        let message = std::mem::take(&mut self.message);
                        self.received.extend(records(&message));
                    }
                }
                FrameEvent::Pong(payload) => {
                    self.received
                        .push_back(Received::Pong(payload.into_owned()));
                }
                FrameEvent::Close { code, reason } => {
                    assert_eq!(reason, "");
                    // Pongs arrive even after this; a decoder would ignore them.
                    self.frames = FrameDecoder::new(Masking::Forbidden);
                    self.received.push_back(Received::Close(code));
                }
                FrameEvent::Ping(_) => panic!("the server sends no WebSocket pings"),
            }
        }
    }

    /// Returns the next thing, which must be a record.
    pub async fn record(&mut self) -> String {
        match self.next().await {
            Received::Record(record) => record,
            other => panic!("expected a record, received {other:?}"),
        }
    }

    /// Returns the next thing on a connection that may end within a message.
    pub async fn next_or_end(&mut self) -> Received {
        self.may_be_cut = true;
        self.next().await
    }

    /// Asserts that the next thing is this record.
    pub async fn expect(&mut self, record: &str) {
        assert_eq!(self.next().await, Received::Record(record.to_owned()));
    }

    /// Asserts that the connection is open and that nothing else arrives before an echo.
    pub async fn expect_alive(&mut self) {
        self.call("alive", "Echo", r#""alive""#).await;
        self.expect(r#"{"type":3,"invocationId":"alive","result":"alive"}"#)
            .await;
    }

    /// Asserts that the server closes the WebSocket with this code, and that TCP ends after our
    /// Close.
    pub async fn expect_closed(&mut self, code: u16) {
        assert_eq!(self.next().await, Received::Close(Some(code)));
        self.send_close(&code.to_be_bytes()).await;
        assert_eq!(self.next().await, Received::Eof);
    }

    /// Asserts that the server ends the WebSocket with this code and does not wait for our Close.
    pub async fn expect_cut(&mut self, code: u16) {
        assert_eq!(self.next().await, Received::Close(Some(code)));
        let end = self.next().await;
        assert!(matches!(end, Received::Eof | Received::Reset), "{end:?}");
    }

    /// Closes the WebSocket and asserts that only the server's Close arrives.
    pub async fn leave(mut self) {
        self.send_close(&1000u16.to_be_bytes()).await;
        assert_eq!(self.next().await, Received::Close(Some(1000)));
        assert_eq!(self.next().await, Received::Eof);
    }

    /// Reads exactly these bytes; none of them may have been decoded before.
    pub async fn expect_raw(&mut self, expected: &[u8], buffer: &mut Vec<u8>) {
        assert!(self.received.is_empty() && self.message.is_empty());
        buffer.resize(expected.len(), 0);
        let read = tokio::time::timeout(PATIENCE, self.socket.read_exact(buffer)).await;
        read.expect("the server continues to send").unwrap();
        assert!(buffer == expected, "the bytes differ");
    }
}

/// Each WebSocket message is a sequence of whole records, because the JavaScript client parses
/// each message alone.
fn records(message: &[u8]) -> Vec<Received> {
    assert_eq!(message.last(), Some(&RECORD_SEPARATOR), "a cut record");
    let text = std::str::from_utf8(message).unwrap();
    text.split_terminator('\x1e')
        .map(|record| Received::Record(record.to_owned()))
        .collect()
}
