//! HTTP/2 as single frames, for clients that break its rules.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GO_AWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// Error codes (RFC 9113, section 7).
pub const NO_ERROR: u32 = 0;
pub const PROTOCOL_ERROR: u32 = 1;
pub const REFUSED_STREAM: u32 = 7;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// Longer than anything takes that is not a time limit.
const PATIENCE: Duration = Duration::from_secs(600);

/// A frame that was received.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Received {
    fn is_confirmation(&self) -> bool {
        matches!(self.kind, SETTINGS | PING) && self.flags & ACK != 0
    }

    /// Returns the error code of a RST_STREAM or GOAWAY.
    pub fn code(&self) -> u32 {
        let at = if self.kind == GO_AWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()];
    [&head.concat(), payload].concat()
}

/// Encodes headers as literals, without a table (RFC 7541, section 6.2.2).
pub fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        text(&mut block, name);
        text(&mut block, value);
    }
    block
}

fn text(block: &mut Vec<u8>, text: &str) {
    match u8::try_from(text.len()) {
        Ok(short @ ..127) => block.push(short),
        _ => {
            block.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                block.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            block.push(u8::try_from(rest).unwrap());
        }
    }
    block.extend_from_slice(text.as_bytes());
}

/// The headers of a GET.
pub fn get(path: &str) -> [(&str, &str); 4] {
    [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", path),
    ]
}

/// A connection on which anything can be sent.
pub struct Frames<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    /// Sends the preface and these settings; a setting is its number and its value.
    pub async fn open(stream: S, settings: &[(u16, u32)]) -> Self {
        let mut frames = Self(stream);
        frames.bytes(PREFACE).await;
        let settings: Vec<_> = settings
            .iter()
            .flat_map(|(number, value)| [&number.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        frames.send(SETTINGS, 0, 0, &settings).await;
        frames
    }

    pub async fn bytes(&mut self, bytes: &[u8]) {
        self.try_bytes(bytes).await.unwrap();
    }

    pub async fn try_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    pub async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.bytes(&frame(kind, flags, stream, payload)).await;
    }

    /// Sends a request without a body.
    pub async fn request(&mut self, stream: u32, headers: &[(&str, &str)]) {
        let flags = END_HEADERS | END_STREAM;
        self.send(HEADERS, flags, stream, &block(headers)).await;
    }

    /// Returns the next frame, or `None` at the end of the connection.
    pub async fn next(&mut self) -> Option<Received> {
        timeout(PATIENCE, self.read()).await.expect("a frame")
    }

    async fn read(&mut self) -> Option<Received> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Received {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes(head[5..].try_into().unwrap()),
            payload,
        })
    }

    /// Reads until a frame of this kind on this stream; settings and pings are confirmed.
    pub async fn until(&mut self, kind: u8, stream: u32) -> Received {
        loop {
            let frame = self.next().await.expect("a frame");
            if frame.kind == kind && frame.stream == stream && !frame.is_confirmation() {
                return frame;
            }
            self.confirm(&frame).await;
        }
    }

    /// Reads the data of a stream until it contains this text.
    pub async fn until_text(&mut self, stream: u32, text: &str) {
        let mut data = String::new();
        while !data.contains(text) {
            let part = self.until(DATA, stream).await.payload;
            data.push_str(&String::from_utf8_lossy(&part));
        }
    }

    /// Confirms settings and pings.
    pub async fn confirm(&mut self, frame: &Received) {
        let payload = match frame.kind {
            PING => &*frame.payload,
            SETTINGS => &[],
            _ => return,
        };
        if !frame.is_confirmation() {
            self.send(frame.kind, ACK, 0, payload).await;
        }
    }

    /// Reads until the end of the connection, and returns the error of the last GOAWAY.
    pub async fn until_end(&mut self) -> Option<u32> {
        let mut code = None;
        while let Some(frame) = self.next().await {
            if frame.kind == GO_AWAY {
                code = Some(frame.code());
            }
        }
        code
    }
}
