//! The SignalR hub protocols, as far as a load generator needs them: invocations are written from
//! prepared templates, and received messages are distinguished by scanning bytes, not by parsing.

use clap::ValueEnum;
use memchr::{memchr, memmem};

use crate::ws;

/// Ends a JSON message, and a handshake in either protocol.
const TERMINATOR: u8 = 0x1E;
/// The beginning of a payload: this mark, then the time of sending in 16 hex digits of
/// nanoseconds.
const STAMP_MARK: &[u8] = b"@#";
pub(crate) const STAMP_SIZE: usize = 18;
const ID_SIZE: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    Json,
    #[value(name = "messagepack")]
    MessagePack,
}

/// A message from the server.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming<'a> {
    /// The server calls a client method: a delivery.
    Invocation {
        stamp: Option<u64>,
    },
    /// An invocation of ours has completed.
    Completion {
        stamp: Option<u64>,
    },
    /// An invocation of ours has failed.
    Failure {
        text: &'a [u8],
    },
    Ping,
    /// The server is about to close the connection.
    Close {
        text: &'a [u8],
    },
    Other,
}

/// An argument of an invocation.
pub(crate) enum Argument<'a> {
    Text(&'a str),
    /// A string of this many bytes, at least `STAMP_SIZE`, that begins with the time of sending.
    Stamped(usize),
}

/// An invocation in which the id, and possibly a timestamp, are still to be filled in.
pub(crate) struct Template {
    bytes: Vec<u8>,
    id_at: usize,
    stamp_at: Option<usize>,
}

impl Template {
    /// Returns the message with this id and timestamp.
    pub(crate) fn fill(&mut self, id: u32, stamp: u64) -> &[u8] {
        write_hex(&mut self.bytes[self.id_at..][..ID_SIZE], id as u64);
        if let Some(at) = self.stamp_at {
            write_hex(
                &mut self.bytes[at..][..STAMP_SIZE - STAMP_MARK.len()],
                stamp,
            );
        }
        &self.bytes
    }
}

impl Protocol {
    pub(crate) fn opcode(self) -> u8 {
        match self {
            Self::Json => ws::TEXT,
            Self::MessagePack => ws::BINARY,
        }
    }

    pub(crate) fn handshake(self) -> &'static [u8] {
        match self {
            Self::Json => b"{\"protocol\":\"json\",\"version\":1}\x1e",
            Self::MessagePack => b"{\"protocol\":\"messagepack\",\"version\":1}\x1e",
        }
    }

    pub(crate) fn ping(self) -> &'static [u8] {
        match self {
            Self::Json => b"{\"type\":6}\x1e",
            Self::MessagePack => &[2, 0x91, 6],
        }
    }

    pub(crate) fn invocation(self, target: &str, arguments: &[Argument<'_>]) -> Template {
        match self {
            Self::Json => json_invocation(target, arguments),
            Self::MessagePack => messagepack_invocation(target, arguments),
        }
    }
}

fn json_invocation(target: &str, arguments: &[Argument<'_>]) -> Template {
    let mut bytes = b"{\"type\":1,\"invocationId\":\"".to_vec();
    let id_at = bytes.len();
    bytes.extend_from_slice(&[b'0'; ID_SIZE]);
    bytes.extend_from_slice(format!("\",\"target\":\"{target}\",\"arguments\":[").as_bytes());
    let mut stamp_at = None;
    for (i, argument) in arguments.iter().enumerate() {
        bytes.extend_from_slice(if i == 0 { b"\"" } else { b",\"" });
        push_argument(&mut bytes, argument, &mut stamp_at);
        bytes.push(b'"');
    }
    bytes.extend_from_slice(b"]}\x1e");
    Template {
        bytes,
        id_at,
        stamp_at,
    }
}

/// Builds `[1, {}, id, target, [arguments], []]`, after its length.
fn messagepack_invocation(target: &str, arguments: &[Argument<'_>]) -> Template {
    let mut body = vec![0x96, 1, 0x80];
    push_string_head(&mut body, ID_SIZE);
    let mut id_at = body.len();
    body.extend_from_slice(&[b'0'; ID_SIZE]);
    push_string_head(&mut body, target.len());
    body.extend_from_slice(target.as_bytes());
    assert!(arguments.len() < 16);
    body.push(0x90 | arguments.len() as u8);
    let mut stamp_at = None;
    for argument in arguments {
        push_string_head(
            &mut body,
            match argument {
                Argument::Text(text) => text.len(),
                Argument::Stamped(size) => *size,
            },
        );
        push_argument(&mut body, argument, &mut stamp_at);
    }
    body.push(0x90);

    let mut bytes = Vec::with_capacity(body.len() + 5);
    let mut left = body.len();
    while left >= 0x80 {
        bytes.push(0x80 | (left & 0x7F) as u8);
        left >>= 7;
    }
    bytes.push(left as u8);
    id_at += bytes.len();
    stamp_at = stamp_at.map(|at| at + bytes.len());
    bytes.extend_from_slice(&body);
    Template {
        bytes,
        id_at,
        stamp_at,
    }
}

fn push_argument(bytes: &mut Vec<u8>, argument: &Argument<'_>, stamp_at: &mut Option<usize>) {
    match *argument {
        Argument::Text(text) => bytes.extend_from_slice(text.as_bytes()),
        Argument::Stamped(size) => {
            bytes.extend_from_slice(STAMP_MARK);
            *stamp_at = Some(bytes.len());
            bytes.resize(bytes.len() + size - STAMP_MARK.len(), b'x');
        }
    }
}

fn push_string_head(bytes: &mut Vec<u8>, size: usize) {
    match size {
        0..32 => bytes.push(0xA0 | size as u8),
        32..0x100 => bytes.extend_from_slice(&[0xD9, size as u8]),
        0x100..0x1_0000 => {
            bytes.push(0xDA);
            bytes.extend_from_slice(&(size as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0xDB);
            bytes.extend_from_slice(&(size as u32).to_be_bytes());
        }
    }
}

fn write_hex(to: &mut [u8], mut value: u64) {
    for byte in to.iter_mut().rev() {
        *byte = b"0123456789abcdef"[(value & 15) as usize];
        value >>= 4;
    }
}

fn find_stamp(message: &[u8]) -> Option<u64> {
    // The bytes of the mark may also be part of a MessagePack length, so digits have to follow.
    memmem::find_iter(message, STAMP_MARK).find_map(|at| {
        let from = at + STAMP_MARK.len();
        let digits = message.get(from..from + STAMP_SIZE - STAMP_MARK.len())?;
        digits.iter().try_fold(0, |value, &digit| {
            Some(value << 4 | (digit as char).to_digit(16)? as u64)
        })
    })
}

/// Splits a connection's payload bytes into messages. A message in one piece is never copied.
pub(crate) struct Scanner {
    protocol: Protocol,
    /// Whether the handshake response, which comes first, was received.
    open: bool,
    /// The beginning of an incomplete message.
    partial: Vec<u8>,
}

impl Scanner {
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            open: false,
            partial: Vec::new(),
        }
    }

    /// Returns whether the handshake response has arrived.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Takes the next bytes, and calls `each` with each complete message. `Err` is the server's
    /// refusal of the handshake.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        each: &mut impl FnMut(Incoming<'_>),
    ) -> Result<(), String> {
        if !self.partial.is_empty() {
            // In JSON, copy only up to the end of the incomplete message; the rest is not copied.
            let upto = match memchr(TERMINATOR, bytes) {
                Some(at) if self.protocol == Protocol::Json || !self.open => at + 1,
                _ => bytes.len(),
            };
            self.partial.extend_from_slice(&bytes[..upto]);
            bytes = &bytes[upto..];
            let partial = std::mem::take(&mut self.partial);
            let used = self.scan(&partial, each)?;
            if used == 0 {
                self.partial = partial;
            } else {
                self.partial.extend_from_slice(&partial[used..]);
            }
            if bytes.is_empty() {
                return Ok(());
            }
        }
        let used = self.scan(bytes, each)?;
        self.partial.extend_from_slice(&bytes[used..]);
        Ok(())
    }

    /// Returns how many bytes were consumed: all except an incomplete message at the end.
    fn scan(&mut self, bytes: &[u8], each: &mut impl FnMut(Incoming<'_>)) -> Result<usize, String> {
        let mut at = 0;
        if !self.open {
            let Some(end) = memchr(TERMINATOR, bytes) else {
                return Ok(0);
            };
            let response = &bytes[..end];
            if memmem::find(response, b"\"error\"").is_some() {
                return Err(String::from_utf8_lossy(response).into_owned());
            }
            self.open = true;
            at = end + 1;
        }
        match self.protocol {
            Protocol::Json => {
                while let Some(size) = memchr(TERMINATOR, &bytes[at..]) {
                    each(classify_json(&bytes[at..at + size]));
                    at += size + 1;
                }
            }
            Protocol::MessagePack => {
                while let Some((head, size)) = messagepack_size(&bytes[at..]) {
                    let Some(message) = bytes.get(at + head..at + head + size) else {
                        break;
                    };
                    each(classify_messagepack(message));
                    at += head + size;
                }
            }
        }
        Ok(at)
    }
}

fn classify_json(message: &[u8]) -> Incoming<'_> {
    const FIRST: &[u8] = b"{\"type\":";
    let kind = match message.strip_prefix(FIRST) {
        Some(rest) => rest.first(),
        // No server writes it like this, but property order and spacing are free.
        None => memmem::find(message, b"\"type\"")
            .and_then(|at| message[at + 6..].iter().find(|b| b.is_ascii_digit())),
    };
    match kind {
        Some(b'1') => Incoming::Invocation {
            stamp: find_stamp(message),
        },
        Some(b'3') => match find_stamp(message) {
            Some(stamp) => Incoming::Completion { stamp: Some(stamp) },
            None if memmem::find(message, b"\"error\":").is_some() => {
                Incoming::Failure { text: message }
            }
            None => Incoming::Completion { stamp: None },
        },
        Some(b'6') => Incoming::Ping,
        Some(b'7') => Incoming::Close { text: message },
        _ => Incoming::Other,
    }
}

/// Returns the size of the length prefix in bytes, and its value.
fn messagepack_size(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut size = 0;
    for (i, &byte) in bytes.iter().take(5).enumerate() {
        size |= ((byte & 0x7F) as usize) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((i + 1, size));
        }
    }
    None
}

fn classify_messagepack(message: &[u8]) -> Incoming<'_> {
    match message {
        [_, 1, ..] => Incoming::Invocation {
            stamp: find_stamp(message),
        },
        // [3, headers, id, kind, ...]: kind 1 is an error. Headers are empty in practice.
        [_, 3, 0x80, rest @ ..] => {
            let id_size = match rest {
                [n @ 0xA0..=0xBF, ..] => 1 + (n & 0x1F) as usize,
                [0xD9, n, ..] => 2 + *n as usize,
                _ => 0,
            };
            match rest.get(id_size) {
                Some(1) => Incoming::Failure { text: message },
                _ => Incoming::Completion {
                    stamp: find_stamp(message),
                },
            }
        }
        [_, 3, ..] => Incoming::Completion {
            stamp: find_stamp(message),
        },
        [_, 6, ..] => Incoming::Ping,
        [_, 7, ..] => Incoming::Close { text: message },
        _ => Incoming::Other,
    }
}

#[cfg(test)]
mod tests;
