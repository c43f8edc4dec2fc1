//! HTTP/1.1 requests, written byte for byte.

use std::net::SocketAddr;

use test_support::line::Line;
use test_support::requests::{Response, UPGRADE, read_response};
use tokio::io::AsyncWriteExt;

pub(crate) const EVENTS: &str = "Accept: text/event-stream\r\n";

/// What a client asks for, without who it is.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: &'static str,
}

/// Whether a browser's API for a request can set headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Headers {
    CanBeSet,
    CannotBeSet,
}

impl Asked {
    fn new(method: &str, target: &str, headers: &'static str) -> Self {
        let line = format!("{method} {target}");
        Self { line, headers }
    }

    pub(crate) fn browser(&self) -> Headers {
        match self.headers {
            "" => Headers::CanBeSet,
            _ => Headers::CannotBeSet,
        }
    }

    /// Returns the same request with a key of its query.
    pub(crate) fn with_query(&self, query: &str) -> Self {
        let separator = if self.line.contains('?') { '&' } else { '?' };
        Self {
            line: format!("{}{separator}{query}", self.line),
            headers: self.headers,
        }
    }

    pub(crate) async fn send(&self, address: SocketAddr, more: &str) -> Response {
        let headers = format!("Host: {address}\r\n{}{more}", self.headers);
        exchange(address, &self.line, &headers, "").await
    }
}

/// Returns what a client may ask of a hub: to negotiate, and what each transport needs of the
/// connection with this id, or of a new one.
pub(crate) fn every_request(path: &str, id: Option<&str>) -> [Asked; 6] {
    let target = &id.map_or_else(|| path.to_owned(), |id| format!("{path}?id={id}"));
    let negotiation = format!("{path}/negotiate?negotiateVersion=1");
    [
        Asked::new("POST", &negotiation, ""),
        Asked::new("GET", target, UPGRADE),
        Asked::new("GET", target, EVENTS),
        Asked::new("GET", target, ""),
        Asked::new("POST", target, ""),
        Asked::new("DELETE", target, ""),
    ]
}

/// Asserts that a connection is unknown.
#[track_caller]
pub(crate) fn assert_unknown(response: &Response) {
    let seen = (response.status, &*response.body);
    assert_eq!(seen, (404, "No Connection with that ID"));
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Sends one request on a new connection, with these headers only.
pub(crate) async fn exchange(
    address: SocketAddr,
    line: &str,
    headers: &str,
    body: &str,
) -> Response {
    let mut socket = Line::connect(address).await.unwrap();
    let length = match line.starts_with("POST") {
        true => format!("Content-Length: {}\r\n", body.len()),
        false => String::new(),
    };
    let request = format!("{line} HTTP/1.1\r\n{headers}{length}\r\n{body}");
    // A server that refuses the head may not read on.
    let _ = socket.write_all(request.as_bytes()).await;
    read_response(&mut socket).await.0
}
