//! A client's socket: a WebSocket that is read at a steady speed through a small window.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hubwire::protocol::HubProtocol;
use hubwire::protocol::{
    FrameDecoder, FrameEvent, Masking, MessageWriter, Opcode, write_masked_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until};

use crate::plan::Speed;
use crate::settings::KIB;

/// The receive buffer of every client.
const RECEIVE_BUFFER: usize = 16 * KIB;

/// A WebSocket with a completed handshake.
pub(crate) struct Socket {
    stream: TcpStream,
    frames: FrameDecoder,
    protocol: HubProtocol,
    pace: Pace,
    buffer: Box<[u8]>,
}

/// When a client may read next. Overall it is as fast as it should be, even if its thread was
/// late.
#[derive(Debug)]
struct Pace {
    speed: Speed,
    due: Instant,
}

impl Pace {
    fn new(speed: Speed) -> Self {
        let due = Instant::now();
        Self { speed, due }
    }

    /// Returns how much to read at once: ten reads per second.
    fn portion(&self) -> usize {
        match self.speed {
            Speed::Steady(speed) => (speed / 10).clamp(1, RECEIVE_BUFFER),
            _ => RECEIVE_BUFFER,
        }
    }

    async fn due(&self) {
        match self.speed {
            Speed::Nothing => pending().await,
            Speed::Steady(_) => sleep_until(self.due).await,
            Speed::Full => {}
        }
    }

    /// Starts now, because there was nothing to read before and nothing was missed.
    fn begin(&mut self) {
        self.due = self.due.max(Instant::now());
    }

    fn took(&mut self, count: usize) {
        if let Speed::Steady(speed) = self.speed {
            self.due += Duration::from_secs_f64(count as f64 / speed as f64);
        }
    }
}

impl Socket {
    /// Connects as this peer, upgrades and completes the handshake.
    pub(crate) async fn open(
        address: SocketAddr,
        peer: &str,
        protocol: HubProtocol,
        speed: Speed,
    ) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER as u32)?;
        let mut stream = socket.connect(address).await?;
        let head = format!(
            "GET /hub?peer={peer} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        read_until(&mut stream, b"\r\n\r\n").await?;
        let mut socket = Self {
            stream,
            frames: FrameDecoder::new(Masking::Forbidden),
            protocol,
            pace: Pace::new(speed),
            buffer: vec![0; RECEIVE_BUFFER].into(),
        };
        let (name, opcode) = match protocol {
            HubProtocol::Json => ("json", Opcode::Text),
            _ => ("messagepack", Opcode::Text),
        };
        let handshake = format!("{{\"protocol\":\"{name}\",\"version\":1}}\x1e");
        socket.write(opcode, handshake.as_bytes()).await?;
        // Its frame is no longer than this; the next bytes are for the client to parse.
        read_until(&mut socket.stream, b"\x03{}\x1e").await?;
        Ok(socket)
    }

    async fn write(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], payload);
        self.stream.write_all(&frame).await
    }

    /// Sends a hub message.
    pub(crate) async fn send(
        &mut self,
        write: impl FnOnce(&mut MessageWriter<'_>),
    ) -> io::Result<()> {
        let mut message = Vec::new();
        write(&mut self.protocol.writer(&mut message));
        let opcode = match self.protocol {
            HubProtocol::Json => Opcode::Text,
            _ => Opcode::Binary,
        };
        self.write(opcode, &message).await
    }

    /// Reads at the client's speed, and passes on the payload; returns whether there may be more.
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn read(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        self.pace.due().await;
        let portion = self.pace.portion();
        let count = loop {
            match self.stream.try_read(&mut self.buffer[..portion]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.readable().await?;
                    self.pace.begin();
                }
                count => break count?,
            }
        };
        self.pace.took(count);
        let mut input = &mut self.buffer[..count];
        while let Some(event) = self.frames.next(&mut input).map_err(io::Error::other)? {
            match event {
                FrameEvent::Data { payload, .. } => take(payload),
                FrameEvent::Close { .. } => return Ok(false),
                _ => {}
            }
        }
        Ok(count > 0)
    }

    /// Sends a Close and waits for the server's.
    pub(crate) async fn leave(mut self) -> io::Result<()> {
        self.write(Opcode::Close, &1000_u16.to_be_bytes()).await?;
        while self.read(|_| {}).await? {}
        Ok(())
    }
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> io::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(stream.read_u8().await?);
    }
    Ok(())
}
