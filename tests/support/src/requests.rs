//! HTTP requests as text, and their responses.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::line::Line;

const PATIENCE: Duration = Duration::from_secs(10);

/// The headers of a valid upgrade; the key is the RFC's sample.
pub const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The server's response to the sample key (RFC 6455, section 1.3).
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A response, read to its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Returns the values of all headers with this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let headers = self.headers.iter();
        headers
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Returns the names of all headers, in lower case.
    pub fn names(&self) -> Vec<String> {
        let headers = self.headers.iter();
        headers.map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    /// Asserts the three properties in the status table.
    #[track_caller]
    pub fn assert_is(&self, status: u16, content_type: Option<&str>, body: &str) {
        let seen = (self.status, self.header("content-type"), &*self.body);
        assert_eq!(seen, (status, content_type, body));
    }
}

/// Sends a request without a body on a new connection.
pub async fn request(address: SocketAddr, line: &str, headers: &str) -> Response {
    let mut socket = Line::connect(address).await.unwrap();
    send_head(&mut socket, address, line, headers, b"").await;
    read_response(&mut socket).await.0
}

/// Sends a POST with this body on a new connection.
pub async fn post(address: SocketAddr, path: &str, body: &str) -> Response {
    post_with(address, path, "", body).await
}

/// Sends a POST with these headers and this body on a new connection.
pub async fn post_with(address: SocketAddr, path: &str, headers: &str, body: &str) -> Response {
    let mut socket = Line::connect(address).await.unwrap();
    let headers = format!("Host: {address}\r\n{headers}Content-Length: {}", body.len());
    let request = format!("POST {path} HTTP/1.1\r\n{headers}\r\n\r\n{body}");
    socket.write_all(request.as_bytes()).await.unwrap();
    read_response(&mut socket).await.0
}

/// Reads byte by byte up to a text, and nothing beyond it.
pub async fn read_until(socket: &mut (impl AsyncRead + Unpin), until: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !read.ends_with(until.as_bytes()) {
            let mut byte = [0];
            let count = socket.read(&mut byte).await.unwrap();
            assert_ne!(count, 0, "ended: {}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&byte);
        }
    };
    let arrived = tokio::time::timeout(PATIENCE, reading).await.is_ok();
    let text = String::from_utf8(read).unwrap();
    assert!(arrived, "expected {until:?}, received {text:?}");
    text
}

/// Returns the head of a response without its `Date`.
pub fn without_date(head: &str) -> String {
    let lines = head.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with("date: ")).collect()
}

/// Sends `METHOD /path`, and optionally bytes directly after it.
pub async fn send_head(
    socket: &mut (impl AsyncWrite + Unpin),
    address: SocketAddr,
    line: &str,
    headers: &str,
    behind: &[u8],
) {
    let length = if line.starts_with("POST") {
        "Content-Length: 0\r\n"
    } else {
        ""
    };
    let head = format!("{line} HTTP/1.1\r\nHost: {address}\r\n{length}{headers}\r\n");
    let bytes = [head.as_bytes(), behind].concat();
    socket.write_all(&bytes).await.unwrap();
    socket.flush().await.unwrap();
}

/// Reads one response; returns it with the bytes after it.
pub async fn read_response(socket: &mut (impl AsyncRead + Unpin)) -> (Response, Vec<u8>) {
    let reading = async {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            read_more(socket, &mut bytes).await;
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
        let mut response = parse_head(&head);
        let length: usize = response
            .header("content-length")
            .map_or(0, |value| value.parse().unwrap());
        let body_end = head_end + 4 + length;
        while bytes.len() < body_end {
            read_more(socket, &mut bytes).await;
        }
        let rest = bytes.split_off(body_end);
        response.body = String::from_utf8(bytes[head_end + 4..].to_vec()).unwrap();
        (response, rest)
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("an HTTP response")
}

async fn read_more(socket: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) {
    let count = socket.read_buf(bytes).await.unwrap();
    assert!(count > 0, "an incomplete response: {bytes:?}");
}

fn parse_head(head: &str) -> Response {
    let mut lines = head.split("\r\n");
    let mut status_line = lines.next().unwrap().splitn(3, ' ').skip(1);
    let (status, reason) = (status_line.next(), status_line.next());
    let headers = lines.filter_map(|line| line.split_once(": "));
    Response {
        status: status.unwrap().parse().unwrap(),
        reason: reason.unwrap_or_default().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: String::new(),
    }
}
