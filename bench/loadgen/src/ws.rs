//! The client side of RFC 6455, as far as a load generator needs it.
//!
//! Frames are decoded in place from the bytes of a read: payloads of data frames are passed on as
//! slices of the read buffer, and never collected into messages. The hub protocols mark the ends
//! of their own messages, so the ends of WebSocket messages (and of their fragments) do not matter
//! here.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};

use self::decoder::{Decoder, Piece};

mod decoder;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The headers that Chromium adds to the upgrade of the official JavaScript client, except for its
/// origin.
const BROWSER_HEADERS: &str = "Pragma: no-cache\r\nCache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// Approximately the smallest buffer that Linux allows.
const UNBUFFERED_SIZE: u32 = 2048;
/// The smallest segment size that every host accepts (RFC 9293, 3.7.1).
const UNBUFFERED_SEGMENT: u32 = 536;

/// A read buffer, lent by the caller to all its connections.
pub(crate) type Scratch = RefCell<Box<[u8]>>;

pub(crate) fn scratch() -> Scratch {
    RefCell::new(vec![0; 256 * 1024].into_boxed_slice())
}

/// Where to connect: the parts of a `ws://` URL.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Address {
    /// `host:port`, for the socket and for the Host header.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) target: String,
}

impl Address {
    pub(crate) fn parse(url: &str) -> std::result::Result<Self, String> {
        let rest = url
            .strip_prefix("ws://")
            .or_else(|| url.strip_prefix("http://"))
            .ok_or("the URL must begin with ws:// (there is no TLS here)")?;
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(at);
        if authority.is_empty() {
            return Err("the URL has no host".into());
        }
        let authority = match authority.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_string(),
            _ => format!("{authority}:80"),
        };
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self {
            authority,
            target: format!("{slash}{target}"),
        })
    }
}

/// The headers of an upgrade request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Headers {
    /// Those that an upgrade needs.
    Required,
    /// Also those that the official client sends in a browser.
    OfBrowser,
}

pub(crate) struct WebSocket {
    stream: TcpStream,
    decoder: Decoder,
    /// Bytes that came with the upgrade response, before any `receive`.
    early: Vec<u8>,
    /// Frames that are queued and not written yet.
    out: Vec<u8>,
    mask: u32,
}

impl WebSocket {
    /// Connects and upgrades. The accept key is not checked, so do not trust this client with
    /// secrets.
    pub(crate) async fn connect(address: &Address, headers: Headers) -> Result<Self> {
        let stream = TcpStream::connect(&address.authority).await?;
        Self::upgrade(stream, address, headers).await
    }

    /// Connects with a socket for which neither system buffers more than a few KiB.
    pub(crate) async fn connect_unbuffered(address: &Address) -> Result<Self> {
        let found = lookup_host(&address.authority).await?.next();
        let to = found.ok_or(ErrorKind::AddrNotAvailable)?;
        let socket = match to.is_ipv4() {
            true => TcpSocket::new_v4()?,
            false => TcpSocket::new_v6()?,
        };
        socket.set_recv_buffer_size(UNBUFFERED_SIZE)?;
        // The server's system sizes its buffers for the socket in segments.
        SockRef::from(&socket).set_tcp_mss(UNBUFFERED_SEGMENT)?;
        Self::upgrade(socket.connect(to).await?, address, Headers::Required).await
    }

    async fn upgrade(mut stream: TcpStream, address: &Address, headers: Headers) -> Result<Self> {
        stream.set_nodelay(true)?;
        let more = match headers {
            Headers::Required => "",
            Headers::OfBrowser => BROWSER_HEADERS,
        };
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9hZGdlbmxvYWRnZW4hIQ==\r\n{more}\r\n",
            address.target, address.authority
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::with_capacity(512);
        let end = loop {
            if stream.read_buf(&mut head).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(at) = memchr::memmem::find(&head, b"\r\n\r\n") {
                break at + 4;
            }
        };
        if !head.starts_with(b"HTTP/1.1 101") {
            let status = String::from_utf8_lossy(&head[..end]);
            let line = status.lines().next().unwrap_or_default();
            return Err(Error::other(format!("not upgraded: {line}")));
        }
        let early = head.split_off(end);
        let seed = stream.local_addr()?.port() as u32;
        Ok(Self {
            stream,
            decoder: Decoder::default(),
            early,
            out: Vec::new(),
            mask: seed.wrapping_mul(0x9E37_79B9) | 1,
        })
    }

    /// Queues one unfragmented frame; `flush` writes what is queued.
    pub(crate) fn queue(&mut self, opcode: u8, payload: &[u8]) {
        // xorshift32: masking must cost the server the usual work, but need not be unguessable.
        self.mask ^= self.mask << 13;
        self.mask ^= self.mask >> 17;
        self.mask ^= self.mask << 5;
        let key = self.mask.to_ne_bytes();
        self.out.push(0x80 | opcode);
        match payload.len() {
            n @ 0..=125 => self.out.push(0x80 | n as u8),
            n @ 126..=0xFFFF => {
                self.out.push(0x80 | 126);
                self.out.extend_from_slice(&(n as u16).to_be_bytes());
            }
            n => {
                self.out.push(0x80 | 127);
                self.out.extend_from_slice(&(n as u64).to_be_bytes());
            }
        }
        self.out.extend_from_slice(&key);
        let start = self.out.len();
        self.out.extend_from_slice(payload);
        let mut blocks = self.out[start..].chunks_exact_mut(4);
        for block in &mut blocks {
            let word = u32::from_ne_bytes(block.try_into().expect("chunks of four")) ^ self.mask;
            block.copy_from_slice(&word.to_ne_bytes());
        }
        for (byte, key) in blocks.into_remainder().iter_mut().zip(key) {
            *byte ^= key;
        }
    }

    /// Returns the stream and the queued frames.
    pub(crate) fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.out)
    }

    pub(crate) fn queue_close(&mut self) {
        self.queue(CLOSE, &1000u16.to_be_bytes());
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.out.clear();
        }
        Ok(())
    }

    /// Reads once, and calls `on_data` with every piece of data payload. Pongs for pings are sent
    /// by the next `flush`. The peer's close frame and the end of the stream are errors.
    ///
    /// Dropping the future while it waits loses nothing.
    pub(crate) async fn receive(
        &mut self,
        scratch: &Scratch,
        mut on_data: impl FnMut(&[u8]),
    ) -> Result<()> {
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            return self.decode(&early, &mut on_data);
        }
        poll_fn(|cx| {
            let mut scratch = scratch.borrow_mut();
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            Poll::Ready(self.decode(buffer.filled(), &mut on_data))
        })
        .await
    }

    fn decode(&mut self, mut bytes: &[u8], on_data: &mut impl FnMut(&[u8])) -> Result<()> {
        let mut closed = None;
        while let Some(piece) = self.decoder.next(&mut bytes)? {
            match piece {
                Piece::Data(payload) => on_data(payload),
                Piece::Ping(payload) => self.queue(PONG, &payload),
                Piece::Pong => {}
                Piece::Close(code) => closed = Some(code),
            }
        }
        match closed {
            Some(code) => Err(Error::new(
                ErrorKind::ConnectionAborted,
                format!("closed with code {code}"),
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let parse = |url| Address::parse(url).map(|a| (a.authority, a.target));
        assert_eq!(
            parse("ws://h:1/bench?a=b"),
            Ok(("h:1".into(), "/bench?a=b".into()))
        );
        assert_eq!(parse("ws://h"), Ok(("h:80".into(), "/".into())));
        assert_eq!(parse("ws://h?x=1"), Ok(("h:80".into(), "/?x=1".into())));
        assert!(parse("wss://h/").is_err());
        assert!(parse("ws:///x").is_err());
    }
}
