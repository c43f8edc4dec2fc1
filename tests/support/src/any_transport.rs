//! What a client of each transport reads from its socket, and how it sends without a WebSocket.

use std::net::SocketAddr;

use hubwire::protocol::{FrameDecoder, FrameEvent, Masking, Transport};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::line::Line;
use crate::requests::{read_response, request};

pub const EVERY_TRANSPORT: [Transport; 3] = [
    Transport::WebSockets,
    Transport::ServerSentEvents,
    Transport::LongPolling,
];

/// Takes hub messages out of the bytes of a transport.
pub enum Incoming {
    Frames(FrameDecoder),
    /// The chunks of an event stream, after its head.
    Events(Events),
    /// The responses to polls.
    Polls(Polls),
}

/// What follows the bytes that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    End,
    More,
    /// Nothing until the next poll.
    Poll,
}

impl Incoming {
    pub fn frames() -> Self {
        Self::Frames(FrameDecoder::new(Masking::Forbidden))
    }

    pub const fn events() -> Self {
        Self::Events(Events {
            chunks: Vec::new(),
            events: Vec::new(),
            searched: 0,
        })
    }

    pub const fn polls() -> Self {
        Self::Polls(Polls {
            head: Vec::new(),
            left: 0,
        })
    }

    /// Appends hub messages, perhaps only the beginning of the last one.
    pub fn take(&mut self, bytes: &mut [u8], messages: &mut Vec<u8>) -> Follows {
        match self {
            Self::Frames(frames) => take_frames(frames, bytes, messages),
            Self::Events(events) => events.take(bytes, messages),
            Self::Polls(polls) => polls.take(bytes, messages),
        }
    }
}

fn take_frames(frames: &mut FrameDecoder, mut bytes: &mut [u8], messages: &mut Vec<u8>) -> Follows {
    let mut follows = Follows::More;
    while let Some(event) = frames.next(&mut bytes).unwrap() {
        match event {
            FrameEvent::Data { payload, .. } => messages.extend_from_slice(payload),
            FrameEvent::Close { .. } => follows = Follows::End,
            _ => {}
        }
    }
    follows
}

/// An event stream, as far as it has arrived.
pub struct Events {
    /// Bytes of which no whole chunk has arrived.
    chunks: Vec<u8>,
    /// Bytes of which no whole event has arrived.
    events: Vec<u8>,
    /// How many of those were searched in vain for an event's end.
    searched: usize,
}

impl Events {
    fn take(&mut self, bytes: &[u8], messages: &mut Vec<u8>) -> Follows {
        self.chunks.extend_from_slice(bytes);
        let (mut used, mut follows) = (0, Follows::More);
        while let Some(line) = find(&self.chunks[used..], b"\r\n") {
            let size = std::str::from_utf8(&self.chunks[used..used + line]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            let begin = used + line + 2;
            if self.chunks.len() < begin + size + 2 {
                break;
            }
            if size == 0 {
                follows = Follows::End;
            }
            let chunk = &self.chunks[begin..begin + size];
            self.events.extend_from_slice(chunk);
            used = begin + size + 2;
        }
        self.chunks.drain(..used);
        self.take_events(messages);
        follows
    }

    fn take_events(&mut self, messages: &mut Vec<u8>) {
        let mut used = 0;
        let mut from = self.searched;
        while let Some(end) = find(&self.events[from..], b"\r\n\r\n") {
            let event = &self.events[used..from + end];
            messages.extend_from_slice(event.strip_prefix(b"data: ").expect("an event"));
            used = from + end + 4;
            from = used;
        }
        self.events.drain(..used);
        // An end may have arrived in part.
        self.searched = self.events.len().saturating_sub(3);
    }
}

/// The response to a poll, as far as it has arrived.
pub struct Polls {
    head: Vec<u8>,
    /// How many bytes of the body are still to come.
    left: usize,
}

impl Polls {
    fn take(&mut self, bytes: &[u8], messages: &mut Vec<u8>) -> Follows {
        if self.left > 0 {
            return self.take_body(bytes, messages);
        }
        self.head.extend_from_slice(bytes);
        let Some(end) = find(&self.head, b"\r\n\r\n") else {
            return Follows::More;
        };
        let body = self.head.split_off(end + 4);
        let head = String::from_utf8(std::mem::take(&mut self.head)).unwrap();
        if !head.starts_with("HTTP/1.1 200 ") {
            return Follows::End;
        }
        let mut headers = head.split("\r\n").filter_map(|line| line.split_once(": "));
        let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        self.left = length.unwrap().1.parse().unwrap();
        self.take_body(&body, messages)
    }

    fn take_body(&mut self, bytes: &[u8], messages: &mut Vec<u8>) -> Follows {
        messages.extend_from_slice(bytes);
        self.left -= bytes.len();
        match self.left {
            0 => Follows::Poll,
            _ => Follows::More,
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|some| some == wanted)
}

/// Sends POSTs over a connection that is kept.
pub struct Posts {
    path: String,
    socket: Line,
}

impl Posts {
    /// Negotiates.
    pub async fn negotiate(address: SocketAddr, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let line = format!("POST {path}/negotiate?negotiateVersion=1&{query}");
        let negotiated = request(address, &line, "").await;
        let document: Value = serde_json::from_str(&negotiated.body).unwrap();
        let token = document["connectionToken"].as_str().unwrap();
        let socket = Line::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self {
            path: format!("{path}?id={token}&{query}"),
            socket,
        }
    }

    /// Returns the head of a GET for this connection.
    pub fn get(&self, headers: &str) -> String {
        format!("GET {} HTTP/1.1\r\nHost: x\r\n{headers}\r\n", self.path)
    }

    pub async fn send(&mut self, body: &[u8]) {
        self.begin(body).await;
        let (response, _) = read_response(&mut self.socket).await;
        response.assert_is(200, Some("text/plain"), "");
    }

    /// Sends a request, whatever becomes of it.
    pub async fn send_if_open(&mut self, body: &[u8]) {
        let request = self.request(body);
        let mut response = Vec::new();
        if self.socket.write_all(&request).await.is_ok() {
            while !response.ends_with(b"\r\n\r\n") {
                match self.socket.read_buf(&mut response).await {
                    Ok(1..) => {}
                    _ => return,
                }
            }
        }
    }

    /// Sends a request, and does not wait for its response.
    pub async fn begin(&mut self, body: &[u8]) {
        let request = self.request(body);
        self.socket.write_all(&request).await.unwrap();
    }

    fn request(&self, body: &[u8]) -> Vec<u8> {
        let (path, length) = (&self.path, body.len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    /// Ends the connection as a client of long polling does.
    pub async fn delete(&mut self) {
        let path = &self.path;
        let head = format!("DELETE {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        self.socket.write_all(head.as_bytes()).await.unwrap();
        let (response, _) = read_response(&mut self.socket).await;
        response.assert_is(202, Some("text/plain"), "");
    }
}
