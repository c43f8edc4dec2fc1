//! A client of event streams and long polling that calls the endpoint directly: without sockets, it runs
//! under a paused clock.

use axum::body::{Body, BodyDataStream, Bytes, to_bytes};
use axum::http::{Method, Request, Response};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use hubwire::connections::ConnectionEndpoint;
use hubwire::manual::NegotiateEndpoint;
use hubwire::{HubEndpoint, Principal};
use serde_json::Value;
use tower::Service;

use std::convert::Infallible;
use std::sync::Arc;

/// The endpoint of a hub or of a connection handler.
pub trait Endpoint: Clone + Send + Sync + 'static {
    fn negotiation(&self) -> NegotiateEndpoint;

    fn respond(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>>;
}

impl Endpoint for HubEndpoint {
    fn negotiation(&self) -> NegotiateEndpoint {
        self.negotiate()
    }

    fn respond(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        self.clone().call(request).boxed()
    }
}

impl Endpoint for ConnectionEndpoint {
    fn negotiation(&self) -> NegotiateEndpoint {
        self.negotiate()
    }

    fn respond(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        self.clone().call(request).boxed()
    }
}

type Respond =
    dyn Fn(Request<Body>) -> BoxFuture<'static, Result<Response<Body>, Infallible>> + Send + Sync;

/// The handshake of a client that speaks JSON.
pub const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

/// A client that has negotiated; clones are the same client.
#[derive(Clone)]
pub struct HttpClient {
    endpoint: Arc<Respond>,
    pub connection_id: String,
    pub token: String,
    principal: Option<Principal>,
}

/// A response, read to its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    pub body: String,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type");
        let content_type = content_type.map(|it| it.to_str().unwrap_or_default().to_owned());
        let body = to_bytes(response.into_body(), usize::MAX).await;
        let body = body.expect("the body is read to its end");
        Self {
            status,
            content_type,
            body: String::from_utf8(body.into()).expect("text"),
        }
    }

    /// Returns the hub messages in a body.
    pub fn messages(&self) -> Vec<Value> {
        messages(&self.body)
    }

    /// Asserts the three properties in the status table.
    #[track_caller]
    pub fn assert_is(&self, status: u16, content_type: Option<&str>, body: &str) {
        let seen = (self.status, self.content_type.as_deref(), &*self.body);
        assert_eq!(seen, (status, content_type, body));
    }
}

/// Returns the hub messages in a text, which must be whole.
pub fn messages(text: &str) -> Vec<Value> {
    let mut records: Vec<_> = text.split('\u{1e}').collect();
    assert_eq!(records.pop(), Some(""), "a message is cut off: {text}");
    let parsed = records.iter().map(|record| serde_json::from_str(record));
    parsed.collect::<Result<_, _>>().expect("JSON")
}

/// A hub message as a record.
pub fn record(message: &Value) -> String {
    format!("{message}\u{1e}")
}

impl HttpClient {
    pub async fn negotiate(endpoint: &impl Endpoint) -> Self {
        Self::negotiate_as(endpoint, None).await
    }

    pub async fn negotiate_as(endpoint: &impl Endpoint, user: Option<&str>) -> Self {
        let principal = user.map(|user| Principal::new([("sub", user)]));
        let request = request(
            Method::POST,
            "/hub/negotiate?negotiateVersion=1",
            Body::empty(),
        );
        let request = with_principal(request, principal.as_ref());
        let response = endpoint.negotiation().call(request).await;
        let answer = Answer::of(response.expect("infallible")).await;
        let document: Value = serde_json::from_str(&answer.body).expect("a document");
        let text = |key: &str| document[key].as_str().expect(key).to_owned();
        Self {
            endpoint: {
                let endpoint = endpoint.clone();
                Arc::new(move |request| endpoint.respond(request))
            },
            connection_id: text("connectionId"),
            token: text("connectionToken"),
            principal,
        }
    }

    /// Returns the same client, whose requests come from this user, or from nobody.
    pub fn as_user(&self, user: Option<&str>) -> Self {
        Self {
            principal: user.map(|user| Principal::new([("sub", user)])),
            ..self.clone()
        }
    }

    /// Returns the same client, whose requests come from this user.
    pub fn with_principal(&self, principal: Principal) -> Self {
        Self {
            principal: Some(principal),
            ..self.clone()
        }
    }

    /// Opens a connection by its first poll and shakes hands.
    pub async fn start_polling(endpoint: &HubEndpoint) -> Self {
        let client = Self::negotiate(endpoint).await;
        client.shake_hands().await;
        client
    }

    /// Sends the first poll and the handshake, and polls the response.
    pub async fn shake_hands(&self) {
        let octets = Some("application/octet-stream");
        self.poll().await.assert_is(200, octets, "");
        self.post(HANDSHAKE)
            .await
            .assert_is(200, Some("text/plain"), "");
        self.poll().await.assert_is(200, octets, "{}\u{1e}");
    }

    /// Opens an event stream and shakes hands.
    pub async fn start_event_stream(endpoint: &HubEndpoint) -> (Self, EventSource) {
        let client = Self::negotiate(endpoint).await;
        let mut events = client.open_event_stream().await;
        client
            .post(HANDSHAKE)
            .await
            .assert_is(200, Some("text/plain"), "");
        assert_eq!(events.next().await.as_deref(), Some("{}\u{1e}"));
        (client, events)
    }

    /// Polls; the request is under way once the future is polled.
    pub async fn poll(&self) -> Answer {
        self.send(Method::GET, "", Body::empty()).await
    }

    /// Polls, and returns the response before its body is read.
    pub async fn poll_unread(&self) -> Response<Body> {
        self.call(Method::GET, "", Body::empty()).await
    }

    pub async fn post(&self, body: impl Into<Body>) -> Answer {
        self.send(Method::POST, "", body.into()).await
    }

    pub async fn delete(&self) -> Answer {
        self.send(Method::DELETE, "", Body::empty()).await
    }

    /// Requests an event stream, whatever the response is.
    pub async fn get_event_stream(&self) -> Response<Body> {
        self.call(Method::GET, "text/event-stream", Body::empty())
            .await
    }

    pub async fn open_event_stream(&self) -> EventSource {
        let response = self.get_event_stream().await;
        assert_eq!(response.status(), 200);
        let mut events = EventSource {
            body: response.into_body().into_data_stream(),
            read: Vec::new(),
        };
        assert_eq!(events.next_chunk().await.as_deref(), Some(&b":\r\n"[..]));
        events
    }

    async fn send(&self, method: Method, accept: &str, body: Body) -> Answer {
        Answer::of(self.call(method, accept, body).await).await
    }

    async fn call(&self, method: Method, accept: &str, body: Body) -> Response<Body> {
        let mut request = request(method, &format!("/hub?id={}", self.token), body);
        if !accept.is_empty() {
            let accept = accept.parse().expect("a header");
            request.headers_mut().insert("accept", accept);
        }
        let request = with_principal(request, self.principal.as_ref());
        let response = (self.endpoint)(request).await;
        response.expect("infallible")
    }
}

fn request(method: Method, target: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method(method).uri(target).body(body);
    request.expect("a request")
}

fn with_principal(mut request: Request<Body>, principal: Option<&Principal>) -> Request<Body> {
    if let Some(principal) = principal {
        request.extensions_mut().insert(principal.clone());
    }
    request
}

/// An open event stream. Dropping it ends the stream, as a browser does.
pub struct EventSource {
    body: BodyDataStream,
    read: Vec<u8>,
}

impl EventSource {
    /// Returns the data of the next event, or `None` at the end.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let event: Vec<_> = self.read.drain(..end + 4).collect();
                let event = String::from_utf8(event).expect("text");
                let lines = event.trim_end_matches("\r\n").split("\r\n");
                let data = lines.map(|line| line.strip_prefix("data: ").expect("data"));
                return Some(data.collect::<Vec<_>>().join("\n"));
            }
            let chunk = self.next_chunk().await?;
            self.read.extend_from_slice(&chunk);
        }
    }

    /// Returns the next event as a hub message.
    pub async fn message(&mut self) -> Value {
        let event = self.next().await.expect("an event");
        let mut messages = messages(&event);
        assert_eq!(messages.len(), 1, "{event}");
        messages.remove(0)
    }

    /// Returns the next bytes of the body.
    pub async fn next_chunk(&mut self) -> Option<Bytes> {
        let chunk = self.body.next().await?;
        Some(chunk.expect("the body does not fail"))
    }
}
