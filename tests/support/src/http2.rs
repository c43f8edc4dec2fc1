//! A client of HTTP/2 that keeps to its rules.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;

use crate::http_client::HANDSHAKE;

/// The host that requests name.
pub const AUTHORITY: &str = "localhost";

/// A connection, open as long as this.
pub struct Http2 {
    pub requests: SendRequest<Bytes>,
    connection: JoinSet<Result<(), h2::Error>>,
}

/// A response whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: RecvStream,
}

impl Response {
    /// Reads the rest of the body.
    pub async fn text(mut self) -> String {
        let mut bytes = Vec::new();
        while let Some(part) = next(&mut self.body).await {
            bytes.extend_from_slice(&part.unwrap());
        }
        String::from_utf8(bytes).unwrap()
    }

    /// Reads the body until it ends with this text.
    pub async fn read_until(&mut self, until: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(until.as_bytes()) {
            let part = next(&mut self.body).await;
            let part = part.unwrap_or_else(|| panic!("ended: {}", bytes.escape_ascii()));
            bytes.extend_from_slice(&part.unwrap());
        }
        String::from_utf8(bytes).unwrap()
    }

    /// Reads the rest, and returns why the stream was reset; `None` if it has ended well.
    pub async fn reset(&mut self) -> Option<Reason> {
        loop {
            match next(&mut self.body).await? {
                Ok(_) => {}
                Err(error) => return Some(error.reason().unwrap()),
            }
        }
    }
}

/// Returns a part of a body, for which the server gets room again.
pub async fn next(body: &mut RecvStream) -> Option<Result<Bytes, h2::Error>> {
    let part = body.data().await?;
    if let Ok(part) = &part {
        body.flow_control().release_capacity(part.len()).unwrap();
    }
    Some(part)
}

impl Http2 {
    pub async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self::with(&Builder::new(), stream).await
    }

    /// Connects with settings of the client's own, and waits for the server's.
    pub async fn with(
        builder: &Builder,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let (requests, mut connection) = builder.handshake::<_, Bytes>(stream).await.unwrap();
        let mut ping_pong = connection.ping_pong().unwrap();
        let mut task = JoinSet::new();
        task.spawn(connection);
        ping_pong.ping(h2::Ping::opaque()).await.unwrap();
        Self {
            requests,
            connection: task,
        }
    }

    pub fn request(method: Method, path: &str) -> Request<()> {
        let uri = format!("https://{AUTHORITY}{path}");
        Request::builder().method(method).uri(uri).body(()).unwrap()
    }

    /// Sends a request, with a body that is still to be sent.
    pub async fn begin(&mut self, request: Request<()>) -> (ResponseFuture, SendStream<Bytes>) {
        let mut requests = self.requests.clone().ready().await.unwrap();
        requests.send_request(request, false).unwrap()
    }

    /// Sends a request with a whole body.
    pub async fn send(
        &mut self,
        request: Request<()>,
        body: impl Into<Bytes>,
    ) -> Result<Response, h2::Error> {
        let body = body.into();
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut stream) = requests.send_request(request, body.is_empty())?;
        if !body.is_empty() {
            // The response may be there already, whatever the body is.
            let _ = stream.send_data(body, true);
        }
        received(response).await
    }

    pub async fn get(&mut self, path: &str) -> Response {
        let request = Self::request(Method::GET, path);
        self.send(request, "").await.unwrap()
    }

    /// Negotiates, and returns the path of the connection.
    pub async fn negotiate(&mut self, path: &str) -> String {
        let target = format!("{path}/negotiate?negotiateVersion=1");
        let request = Self::request(Method::POST, &target);
        let response = self.send(request, "").await.unwrap();
        assert_eq!(response.status, 200);
        let document: Value = serde_json::from_str(&response.text().await).unwrap();
        format!(
            "{path}?id={}",
            document["connectionToken"].as_str().unwrap()
        )
    }

    pub async fn post(&mut self, path: &str, body: &str) {
        let request = Self::request(Method::POST, path);
        let response = self.send(request, body.to_owned()).await.unwrap();
        assert_eq!(response.status, 200);
    }

    /// Opens an event stream and shakes hands; returns it with its path.
    pub async fn event_stream(&mut self, path: &str) -> (Response, String) {
        let path = self.negotiate(path).await;
        let mut request = Self::request(Method::GET, &path);
        let accept = "text/event-stream".parse().unwrap();
        request.headers_mut().insert("accept", accept);
        let mut events = self.send(request, "").await.unwrap();
        assert_eq!(events.status, 200);
        events.read_until(":\r\n").await;
        self.post(&path, HANDSHAKE).await;
        events.read_until("data: {}\u{1e}\r\n\r\n").await;
        (events, path)
    }

    /// Opens a connection by polls and shakes hands; returns its path.
    pub async fn polling(&mut self, path: &str) -> String {
        let path = self.negotiate(path).await;
        assert_eq!(self.get(&path).await.text().await, "");
        self.post(&path, HANDSHAKE).await;
        assert_eq!(self.get(&path).await.text().await, "{}\u{1e}");
        path
    }

    /// Returns the request that opens a WebSocket.
    pub fn connect_request(path: &str) -> Request<()> {
        let mut request = Self::request(Method::CONNECT, path);
        let websocket = Protocol::from_static("websocket");
        request.extensions_mut().insert(websocket);
        let version = "13".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-version", version);
        request
    }

    /// Opens a WebSocket, without SignalR's handshake.
    pub async fn web_socket(&mut self, path: &str) -> Http2Socket {
        let (response, sender) = self.begin(Self::connect_request(path)).await;
        let response = received(response).await.unwrap();
        assert_eq!(response.status, 200);
        Http2Socket {
            sender,
            body: response.body,
            read: Bytes::new(),
        }
    }

    /// Waits for the end of the connection.
    pub async fn ended(&mut self) -> Result<(), h2::Error> {
        self.connection.join_next().await.unwrap().unwrap()
    }
}

pub async fn received(response: ResponseFuture) -> Result<Response, h2::Error> {
    let (head, body) = response.await?.into_parts();
    Ok(Response {
        status: head.status,
        headers: head.headers,
        body,
    })
}

/// The client's end of a WebSocket.
pub struct Http2Socket {
    pub sender: SendStream<Bytes>,
    pub body: RecvStream,
    read: Bytes,
}

impl AsyncRead for Http2Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            match ready!(self.body.poll_data(cx)) {
                Some(Ok(part)) => self.read = part,
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.read.len().min(buffer.remaining());
        buffer.put_slice(&self.read.split_to(count));
        let released = self.body.flow_control().release_capacity(count);
        Poll::Ready(released.map_err(io::Error::other))
    }
}

impl AsyncWrite for Http2Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.sender.reserve_capacity(bytes.len());
        while self.sender.capacity() == 0 {
            match ready!(self.sender.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let count = self.sender.capacity().min(bytes.len());
        let part = Bytes::copy_from_slice(&bytes[..count]);
        let sent = self.sender.send_data(part, false);
        Poll::Ready(sent.map(|()| count).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.sender.send_data(Bytes::new(), true);
        Poll::Ready(sent.map_err(io::Error::other))
    }
}
