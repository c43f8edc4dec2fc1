//! A client whose transport lies in memory.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};

use hubwire_protocol::{Arguments, Naming, RECORD_SEPARATOR};
use serde_json::{Value, json};
use tokio::io::DuplexStream;

use super::client_methods::ClientMethods;
use super::typed_calls::is_end;
use super::{ClientTransport, Incoming, PulledTransport, WebSocketPipe};
use crate::connection::Principal;
use crate::endpoint::HubEndpoint;
use crate::hub::HubRuntime;

/// A SignalR client that speaks JSON, connected in memory; over WebSockets, unless it says otherwise.
///
/// ```
/// use hubwire::testing::TestClient;
/// use hubwire::{HubCallerContext, HubResult, SignalR, hub};
/// use serde_json::json;
///
/// struct EchoHub;
///
/// #[hub]
/// impl EchoHub {
///     pub async fn echo(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult<usize> {
///         cx.clients().caller().send("Echoed", (&text,)).await?;
///         Ok(text.len())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signalr = SignalR::new();
/// let hub = signalr.hub().build(EchoHub);
/// let mut client = TestClient::connect(&hub.endpoint()).await?;
/// assert_eq!(client.invoke_as::<usize>("Echo", ("hello",)).await?, 5);
/// assert_eq!(client.push().await?, ("Echoed".to_owned(), json!(["hello"])));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestClient<T = WebSocketPipe> {
    transport: T,
    records: Vec<u8>,
    received: VecDeque<Received>,
    last_id: u64,
    pub(super) methods: ClientMethods,
    pub(super) hub: Weak<HubRuntime>,
}

/// What a client receives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Received {
    /// The WebSocket was closed, with this code.
    Closed(Option<u16>),
    /// The transport ended without a Close frame.
    Lost,
    /// A hub message, or the response to the handshake.
    Message(Value),
    /// The response to a WebSocket ping.
    Pong,
}

impl TestClient {
    /// Opens a transport and makes the handshake.
    ///
    /// # Errors
    ///
    /// When the server refuses the handshake or ends the transport.
    pub async fn connect(endpoint: &HubEndpoint) -> io::Result<Self> {
        Self::open(endpoint, None).handshaken().await
    }

    /// As [`TestClient::connect`], with an authenticated user.
    ///
    /// # Errors
    ///
    /// When the server refuses the handshake or ends the transport.
    pub async fn connect_as(endpoint: &HubEndpoint, principal: Principal) -> io::Result<Self> {
        Self::open(endpoint, Some(principal)).handshaken().await
    }

    /// Opens a transport, as a WebSocket without negotiation, and sends nothing yet.
    #[must_use]
    pub fn open(endpoint: &HubEndpoint, principal: Option<Principal>) -> Self {
        Self::over(WebSocketPipe::open(endpoint, principal), endpoint)
    }

    /// Sends bytes that need not be frames.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transport.send_raw(bytes).await
    }

    /// The client's end of the pipe, for those who read and write frames themselves.
    #[must_use]
    pub fn into_pipe(self) -> DuplexStream {
        self.transport.into_pipe()
    }
}

impl TestClient<PulledTransport> {
    /// Opens a transport that is pulled and fed by a pipe, and sends nothing yet, not even the handshake.
    ///
    /// It is pulled only while [`TestClient::receive`], or what calls it, is awaited: nobody else fetches the
    /// goodbye of a server that shuts down.
    #[must_use]
    pub fn open_pulled(endpoint: &HubEndpoint, principal: Option<Principal>) -> Self {
        Self::over(PulledTransport::open(endpoint, principal), endpoint)
    }

    /// Opens a transport that is pulled and fed by a pipe, and makes the handshake.
    ///
    /// # Errors
    ///
    /// When the server refuses the handshake or ends the transport.
    pub async fn connect_pulled(endpoint: &HubEndpoint) -> io::Result<Self> {
        Self::open_pulled(endpoint, None).handshaken().await
    }

    /// Stops to receive, as between two polls; what is sent meanwhile is kept.
    ///
    /// Up to the hub's `maximum_outbound_buffer_size`, and for the endpoint's `web_socket_close_timeout` after
    /// the connection's end; pings are among it. [`TestClient::receive`] fails until the client is back.
    pub fn leave(&mut self) {
        self.transport.leave();
    }

    /// Receives again.
    pub fn come_back(&mut self) {
        self.transport.come_back();
    }
}

impl<T: ClientTransport> TestClient<T> {
    fn over(transport: T, endpoint: &HubEndpoint) -> Self {
        Self {
            transport,
            records: Vec::new(),
            received: VecDeque::new(),
            last_id: 0,
            methods: ClientMethods::default(),
            hub: Arc::downgrade(endpoint.hub()),
        }
    }

    async fn handshaken(mut self) -> io::Result<Self> {
        self.send_record(&json!({"protocol": "json", "version": 1}))
            .await?;
        match self.receive().await? {
            Received::Message(response) if response == json!({}) => Ok(self),
            other => Err(io::Error::other(format!("handshake refused: {other:?}"))),
        }
    }

    /// Calls a method and waits for its completion; what else arrives meanwhile is kept.
    ///
    /// The inner error is the completion's.
    ///
    /// # Errors
    ///
    /// When the transport ends before the completion came.
    pub async fn invoke(
        &mut self,
        target: &str,
        arguments: impl Arguments,
    ) -> io::Result<Result<Value, String>> {
        let id = self.start(target, arguments).await?;
        self.completion(&id).await
    }

    /// Begins a call and returns its invocation id.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn start(&mut self, target: &str, arguments: impl Arguments) -> io::Result<String> {
        let id = self.next_id();
        let arguments = arguments_value(&arguments)?;
        self.send_record(
            &json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments}),
        )
        .await?;
        Ok(id)
    }

    /// Calls a method and expects no completion.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn send(&mut self, target: &str, arguments: impl Arguments) -> io::Result<()> {
        let arguments = arguments_value(&arguments)?;
        self.send_record(&json!({"type": 1, "target": target, "arguments": arguments}))
            .await
    }

    /// Waits for the completion of a call; what else arrives meanwhile is kept.
    ///
    /// # Errors
    ///
    /// When the transport ends before the completion came.
    pub async fn completion(&mut self, id: &str) -> io::Result<Result<Value, String>> {
        let is_it = |message: &Value| message["type"] == 3 && message["invocationId"] == id;
        let mut message = self.find(is_it).await?;
        Ok(match message.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(message["result"].take()),
        })
    }

    pub(super) fn next_id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }

    /// Receives until this message comes, and keeps what else does.
    pub(super) async fn find(&mut self, is_it: impl Fn(&Value) -> bool) -> io::Result<Value> {
        let mut kept = VecDeque::new();
        let found = loop {
            match self.receive().await? {
                Received::Message(message) if is_it(&message) => break message,
                end if is_end(&end) => {
                    return Err(io::Error::other(format!("no completion, but {end:?}")));
                }
                other => kept.push_back(other),
            }
        };
        kept.append(&mut self.received);
        self.received = kept;
        Ok(found)
    }

    /// The next push, as its target and arguments; pings are passed over.
    ///
    /// # Errors
    ///
    /// When anything else arrives.
    pub async fn push(&mut self) -> io::Result<(String, Value)> {
        loop {
            match self.receive().await? {
                Received::Message(message) if message["type"] == 6 => {}
                Received::Message(mut message) if message["type"] == 1 => {
                    let target = message["target"].as_str().unwrap_or_default().to_owned();
                    return Ok((target, message["arguments"].take()));
                }
                other => return Err(io::Error::other(format!("no push, but {other:?}"))),
            }
        }
    }

    /// The next thing that arrives, pings too; without end, nothing else is waited for.
    ///
    /// # Errors
    ///
    /// When the server sends what is no frame or no JSON, and while a pulled client has left.
    pub async fn receive(&mut self) -> io::Result<Received> {
        loop {
            while let Some(received) = self.received.pop_front() {
                match self.answer(&received) {
                    Some(completion) => self.send_record(&completion).await?,
                    None => return Ok(received),
                }
            }
            for incoming in self.transport.receive().await? {
                self.take(incoming)?;
            }
        }
    }

    /// What the test said that this client answers.
    fn answer(&self, received: &Received) -> Option<Value> {
        match received {
            Received::Message(message) => self.methods.completion(message),
            _ => None,
        }
    }

    fn take(&mut self, incoming: Incoming) -> io::Result<()> {
        self.received.push_back(match incoming {
            Incoming::Bytes(bytes) => {
                self.records.extend_from_slice(&bytes);
                // Looking again at a long record for each piece of it would cost its length squared.
                return match bytes.contains(&RECORD_SEPARATOR) {
                    true => self.take_records(),
                    false => Ok(()),
                };
            }
            Incoming::Closed(code) => Received::Closed(code),
            Incoming::Lost => Received::Lost,
            Incoming::Pong => Received::Pong,
        });
        Ok(())
    }

    fn take_records(&mut self) -> io::Result<()> {
        while let Some(end) = self.records.iter().position(|b| *b == RECORD_SEPARATOR) {
            let rest = self.records.split_off(end + 1);
            let record = std::mem::replace(&mut self.records, rest);
            let message = serde_json::from_slice(record.get(..end).unwrap_or_default())?;
            self.received.push_back(Received::Message(message));
        }
        Ok(())
    }

    /// Sends one JSON record.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn send_record(&mut self, record: &Value) -> io::Result<()> {
        let mut payload = record.to_string().into_bytes();
        payload.push(RECORD_SEPARATOR);
        self.send_bytes(&payload).await
    }

    /// Sends any bytes, by a WebSocket as one text message.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn send_bytes(&mut self, payload: &[u8]) -> io::Result<()> {
        self.transport.send(payload).await
    }

    /// Closes the transport; the end of the server's side can then be received.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    pub async fn close(&mut self) -> io::Result<()> {
        self.transport.close().await
    }
}

pub(super) fn arguments_value(arguments: &impl Arguments) -> io::Result<Value> {
    let mut json = Vec::new();
    arguments
        .write_json(&mut json, Naming::AsDeclared)
        .map_err(io::Error::other)?;
    Ok(serde_json::from_slice(&json)?)
}
