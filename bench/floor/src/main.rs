//! A lower bound for any SignalR server on this machine: a single-threaded epoll loop that
//! implements just enough WebSocket and SignalR JSON to serve a load generator, without hubs,
//! parsing, or allocations per delivery. Everything that one turn of the loop has for a connection
//! goes out in one write. The deliveries per CPU-second of a real server, divided by those of this
//! one in the same run, show how far the server is from the limit.
//!
//! Usage: `floor [ADDRESS:PORT]`, by default 127.0.0.1:5990.
use base64::Engine as _;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use sha1::{Digest, Sha1};
use std::io::{self, Read, Write};

const LISTENER: Token = Token(usize::MAX);

struct Conn {
    socket: TcpStream,
    upgraded: bool,
    shaken: bool,
    input: Vec<u8>,
    backlog: Vec<u8>,
}

fn main() -> io::Result<()> {
    let addr = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:5990".into());
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(4096);
    let mut listener = TcpListener::bind(addr.parse().expect("addr"))?;
    println!("listening on {addr}");
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut conns: Vec<Option<Conn>> = Vec::new();
    let mut buf = vec![0u8; 64 * 1024];
    loop {
        poll.poll(&mut events, None)?;
        let mut broadcasts: Vec<u8> = Vec::new();
        for event in events.iter() {
            if event.token() == LISTENER {
                accept_all(&listener, &poll, &mut conns)?;
                continue;
            }
            let id = event.token().0;
            let alive = match conns[id].as_mut() {
                None => continue,
                Some(conn) => {
                    (!event.is_writable() || flush(conn))
                        && (!event.is_readable() || read(conn, &mut buf, &mut broadcasts))
                }
            };
            if !alive {
                conns[id] = None;
            }
        }
        if !broadcasts.is_empty() {
            for slot in conns.iter_mut() {
                let dead = slot
                    .as_mut()
                    .is_some_and(|c| c.shaken && !send(c, &broadcasts));
                if dead {
                    *slot = None;
                }
            }
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    poll: &Poll,
    conns: &mut Vec<Option<Conn>>,
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((mut socket, _)) => {
                socket.set_nodelay(true)?;
                let id = conns.len();
                poll.registry().register(
                    &mut socket,
                    Token(id),
                    Interest::READABLE | Interest::WRITABLE,
                )?;
                conns.push(Some(Conn {
                    socket,
                    upgraded: false,
                    shaken: false,
                    input: Vec::new(),
                    backlog: Vec::new(),
                }));
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}

fn send(conn: &mut Conn, frame: &[u8]) -> bool {
    if !conn.backlog.is_empty() {
        conn.backlog.extend_from_slice(frame);
        return true;
    }
    match conn.socket.write(frame) {
        Ok(n) if n == frame.len() => true,
        Ok(n) => {
            conn.backlog.extend_from_slice(&frame[n..]);
            true
        }
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
            conn.backlog.extend_from_slice(frame);
            true
        }
        Err(_) => false,
    }
}

fn flush(conn: &mut Conn) -> bool {
    while !conn.backlog.is_empty() {
        match conn.socket.write(&conn.backlog) {
            Ok(n) => {
                conn.backlog.drain(..n);
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        }
    }
    true
}

fn read(conn: &mut Conn, buf: &mut [u8], broadcasts: &mut Vec<u8>) -> bool {
    let mut replies: Vec<u8> = Vec::new();
    loop {
        match conn.socket.read(buf) {
            Ok(0) => return false,
            Ok(n) => conn.input.extend_from_slice(&buf[..n]),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
            Err(_) => return false,
        }
    }
    if !conn.upgraded && !upgrade(conn) {
        return true;
    }
    let mut at = 0;
    while let Some((opcode, text, used)) = next_frame(&conn.input[at..]) {
        at += used;
        if opcode == 8 {
            send(conn, &[0x88, 0x02, 0x03, 0xe8]);
            return false;
        } else if !conn.shaken {
            conn.shaken = true;
            replies.extend_from_slice(&frame_of(b"{}\x1e"));
        } else if let Some(at) = find(&text, b"\"arguments\":") {
            let arguments = &text[at + 12..text.len() - 2];
            if find(&text, b"\"Broadcast\"").is_some() {
                broadcasts.extend_from_slice(&frame_of(
                    &[
                        b"{\"type\":1,\"target\":\"bench\",\"arguments\":",
                        arguments,
                        b"}\x1e",
                    ]
                    .concat(),
                ));
            }
            if let Some(id_at) = find(&text, b"\"invocationId\":\"") {
                let id = &text[id_at + 16..];
                let id = &id[..id.iter().position(|b| *b == b'"').unwrap_or(0)];
                let result: &[u8] = if find(&text, b"\"Echo\"").is_some() {
                    &arguments[1..arguments.len() - 1]
                } else {
                    b"null"
                };
                let completion = [
                    b"{\"type\":3,\"invocationId\":\"",
                    id,
                    b"\",\"result\":",
                    result,
                    b"}\x1e",
                ]
                .concat();
                replies.extend_from_slice(&frame_of(&completion));
            }
        }
    }
    conn.input.drain(..at);
    replies.is_empty() || send(conn, &replies)
}

fn upgrade(conn: &mut Conn) -> bool {
    let Some(end) = find(&conn.input, b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&conn.input[..end]).to_string();
    conn.input.drain(..end + 4);
    let key = head
        .lines()
        .find_map(|l| {
            l.split_once(':')
                .filter(|(k, _)| k.eq_ignore_ascii_case("sec-websocket-key"))
                .map(|(_, v)| v.trim().to_string())
        })
        .unwrap_or_default();
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes());
    let accept = base64::engine::general_purpose::STANDARD.encode(digest);
    conn.upgraded = true;
    send(conn, format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes())
}

/// Returns the opcode, the unmasked payload and the bytes it took, or `None` if the frame is not
/// complete yet.
fn next_frame(b: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    if b.len() < 6 {
        return None;
    }
    let (len, at) = match b[1] & 0x7f {
        126 if b.len() >= 8 => (u16::from_be_bytes([b[2], b[3]]) as usize, 4),
        127 if b.len() >= 14 => (
            u64::from_be_bytes(b[2..10].try_into().expect("eight bytes")) as usize,
            10,
        ),
        126 | 127 => return None,
        n => (n as usize, 2),
    };
    if b.len() < at + 4 + len {
        return None;
    }
    let mask = &b[at..at + 4];
    let text = b[at + 4..at + 4 + len]
        .iter()
        .enumerate()
        .map(|(i, x)| x ^ mask[i % 4])
        .collect();
    Some((b[0] & 0x0f, text, at + 4 + len))
}

fn frame_of(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x81];
    match payload.len() {
        n if n < 126 => out.push(n as u8),
        n if n < 65536 => {
            out.push(126);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            out.push(127);
            out.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
    out
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}
