//! A WebSocket without SignalR, over any byte stream.

use std::time::Duration;

use hubwire::protocol::{
    DataKind, FrameDecoder, FrameEvent, Masking, Opcode, write_masked_fragment, write_masked_frame,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::requests::UPGRADE;

const PATIENCE: Duration = Duration::from_secs(40);
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What a client received.
#[derive(Debug, PartialEq, Eq)]
pub enum Bare {
    Text(String),
    Binary(Vec<u8>),
    Close(Option<u16>),
    /// The end of the byte stream, clean or not.
    End,
}

/// A client that has upgraded.
pub struct BareWebSocket<S> {
    stream: S,
    frames: FrameDecoder,
    read: Vec<u8>,
    message: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> BareWebSocket<S> {
    /// Upgrades at this target.
    pub async fn upgrade(mut stream: S, target: &str) -> Self {
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(
            head.starts_with(b"HTTP/1.1 101 "),
            "{}",
            head.escape_ascii()
        );
        Self::upgraded(stream)
    }

    /// Takes over a stream that carries a WebSocket already.
    pub fn upgraded(stream: S) -> Self {
        Self {
            stream,
            frames: FrameDecoder::new(Masking::Forbidden),
            read: Vec::new(),
            message: Vec::new(),
        }
    }

    pub fn into_inner(self) -> S {
        self.stream
    }

    pub async fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.try_send(opcode, payload).await.unwrap();
    }

    /// Sends a frame, which fails if the server has reset the connection.
    pub async fn try_send(&mut self, opcode: Opcode, payload: &[u8]) -> std::io::Result<()> {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, MASK, payload);
        self.stream.write_all(&frame).await
    }

    /// Sends a part of a message that is not its last.
    pub async fn send_fragment(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_fragment(&mut frame, opcode, MASK, payload);
        self.stream.write_all(&frame).await.unwrap();
    }

    /// Returns the next message or Close, or the end.
    pub async fn next(&mut self) -> Bare {
        timeout(PATIENCE, self.receive())
            .await
            .expect("something arrives")
    }

    async fn receive(&mut self) -> Bare {
        loop {
            let mut read = std::mem::take(&mut self.read);
            let mut input = &mut read[..];
            let received = self.decode(&mut input);
            self.read = input.to_vec();
            if let Some(received) = received {
                return received;
            }
            let mut buffer = vec![0; 64 * 1024];
            match self.stream.read(&mut buffer).await {
                Ok(count @ 1..) => self.read.extend_from_slice(&buffer[..count]),
                Ok(0) | Err(_) => return Bare::End,
            }
        }
    }

    fn decode(&mut self, input: &mut &mut [u8]) -> Option<Bare> {
        while let Some(event) = self.frames.next(input).unwrap() {
            match event {
                FrameEvent::Data {
                    payload,
                    kind,
                    is_end,
                } => {
                    self.message.extend_from_slice(payload);
                    if is_end {
                        let message = std::mem::take(&mut self.message);
                        return Some(match kind {
                            DataKind::Text => Bare::Text(String::from_utf8(message).unwrap()),
                            DataKind::Binary => Bare::Binary(message),
                        });
                    }
                }
                FrameEvent::Close { code, .. } => return Some(Bare::Close(code)),
                FrameEvent::Ping(_) | FrameEvent::Pong(_) => {}
            }
        }
        None
    }

    /// Asserts that the server closes with this code, and ends after our Close.
    pub async fn expect_closed(&mut self, code: u16) {
        assert_eq!(self.next().await, Bare::Close(Some(code)));
        // The server may have ended already if it does not wait for us.
        let _ = self.try_send(Opcode::Close, &code.to_be_bytes()).await;
        assert_eq!(self.next().await, Bare::End);
    }

    /// Closes, and asserts that the server answers with 1000.
    pub async fn leave(mut self, payload: &[u8]) {
        self.send(Opcode::Close, payload).await;
        assert_eq!(self.next().await, Bare::Close(Some(1000)));
        assert_eq!(self.next().await, Bare::End);
    }
}
