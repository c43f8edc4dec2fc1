//! The client side of Server-Sent Events and long polling, as far as connections at rest need it.

use std::io::{Error, ErrorKind, Result};

use clap::ValueEnum;
use memchr::memmem;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::ws::{Address, Headers};

/// How the connections at rest are carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    #[default]
    WebSockets,
    EventStream,
    LongPolling,
}

/// The headers that Chromium adds to the requests of the official JavaScript client.
const BROWSER_HEADERS: &str = "Connection: keep-alive\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n\
    X-SignalR-User-Agent: Microsoft SignalR/10.0 (10.0.11; Unknown OS; Browser; Unknown Runtime Version)\r\n\
    X-Requested-With: XMLHttpRequest\r\n\
    sec-ch-ua: \"Chromium\";v=\"156\", \"Not=A?Brand\";v=\"24\"\r\nsec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n";

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
const HANDSHAKE_RESPONSE: &[u8] = b"{}\x1e";

/// One connection to the server, for one request after another.
struct HttpConnection {
    stream: TcpStream,
    /// What was read and does not belong to a response yet.
    read: Vec<u8>,
    authority: String,
    headers: &'static str,
}

impl HttpConnection {
    async fn connect(address: &Address, headers: Headers) -> Result<Self> {
        let stream = TcpStream::connect(&address.authority).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::new(),
            authority: address.authority.clone(),
            headers: match headers {
                Headers::Required => "",
                Headers::OfBrowser => BROWSER_HEADERS,
            },
        })
    }

    async fn send(&mut self, line: &str, more: &str, body: &str) -> Result<()> {
        let (authority, headers) = (&self.authority, self.headers);
        let length = match line.starts_with("POST ") {
            true => format!("Content-Length: {}\r\n", body.len()),
            false => String::new(),
        };
        let request =
            format!("{line} HTTP/1.1\r\nHost: {authority}\r\n{headers}{more}{length}\r\n{body}");
        self.stream.write_all(request.as_bytes()).await
    }

    /// Reads until `found` returns the size of what is wanted, and returns that.
    async fn read_until(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> Result<Vec<u8>> {
        loop {
            if let Some(size) = found(&self.read) {
                let rest = self.read.split_off(size);
                return Ok(std::mem::replace(&mut self.read, rest));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads the head of a response, which must be a success.
    async fn head(&mut self) -> Result<String> {
        let end = |read: &[u8]| memmem::find(read, b"\r\n\r\n").map(|at| at + 4);
        let head = self.read_until(end).await?;
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        match head.starts_with("http/1.1 200") {
            true => Ok(head),
            false => Err(Error::other(format!("refused: {head}"))),
        }
    }

    /// Sends a request, and returns the body of the response.
    async fn request(&mut self, line: &str, body: &str) -> Result<Vec<u8>> {
        self.send(line, "", body).await?;
        let head = self.head().await?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok());
        let length: usize = length.ok_or_else(|| Error::other("a response without a length"))?;
        self.read_until(|read| (read.len() >= length).then_some(length))
            .await
    }
}

/// What negotiates and posts for all connections of a thread, as no client does: a connection of
/// its own for that would be counted, too.
pub(crate) struct Requests {
    address: Address,
    headers: Headers,
    connection: Mutex<Option<HttpConnection>>,
}

impl Requests {
    pub(crate) fn new(address: Address, headers: Headers) -> Self {
        Self {
            address,
            headers,
            connection: Mutex::const_new(None),
        }
    }

    async fn post(&self, target: &str, body: &str) -> Result<Vec<u8>> {
        let mut kept = self.connection.lock().await;
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => HttpConnection::connect(&self.address, self.headers).await?,
        };
        let answer = connection.request(&format!("POST {target}"), body).await?;
        *kept = Some(connection);
        Ok(answer)
    }

    /// Negotiates; returns the target of all requests of the new connection.
    async fn negotiate(&self) -> Result<String> {
        let path = &self.address.target;
        let target = format!("{path}/negotiate?negotiateVersion=1");
        let document = self.post(&target, "").await?;
        let document: serde_json::Value = serde_json::from_slice(&document)?;
        match document["connectionToken"].as_str() {
            Some(token) => Ok(format!("{path}?id={token}")),
            None => Err(Error::other(format!("no token: {document}"))),
        }
    }
}

/// A connection at rest, after its handshake.
pub(crate) struct AtRest {
    connection: HttpConnection,
    target: String,
    transport: Transport,
}

impl AtRest {
    pub(crate) async fn open(requests: &Requests, transport: Transport) -> Result<Self> {
        let target = requests.negotiate().await?;
        let mut connection = HttpConnection::connect(&requests.address, requests.headers).await?;
        let line = format!("GET {target}");
        match transport {
            Transport::EventStream => {
                connection
                    .send(&line, "Accept: text/event-stream\r\n", "")
                    .await?;
                connection.head().await?;
                requests.post(&target, HANDSHAKE).await?;
                let end = |read: &[u8]| memmem::find(read, HANDSHAKE_RESPONSE).map(|at| at + 3);
                connection.read_until(end).await?;
            }
            Transport::LongPolling | Transport::WebSockets => {
                connection.request(&line, "").await?;
                requests.post(&target, HANDSHAKE).await?;
                connection.request(&line, "").await?;
                // The next poll waits.
                connection.send(&line, "", "").await?;
            }
        }
        connection.read = Vec::new();
        Ok(Self {
            connection,
            target,
            transport,
        })
    }

    /// Reads until the connection fails; a poll that ends is followed by the next one.
    pub(crate) async fn rest(mut self) -> Error {
        loop {
            if let Err(error) = self.take().await {
                return error;
            }
        }
    }

    async fn take(&mut self) -> Result<()> {
        if self.transport == Transport::EventStream {
            let mut pings = [0; 256];
            return match self.connection.stream.read(&mut pings).await? {
                0 => Err(ErrorKind::UnexpectedEof.into()),
                _ => Ok(()),
            };
        }
        let head = self.connection.head().await?;
        if !head.contains("content-length: 0\r\n") {
            return Err(Error::other("a message that nobody expects"));
        }
        let line = format!("GET {}", self.target);
        self.connection.send(&line, "", "").await
    }
}
