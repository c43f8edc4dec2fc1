//! A client with an in-memory transport.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use hubwire_core::ConnectionId;
use hubwire_protocol::{
    Arguments, EncodeError, HubProtocol, MessageWriter, Naming, RECORD_SEPARATOR,
};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::time::timeout;

use super::client_methods::ClientMethods;
use super::received::Arrived;
use super::{ClientTransport, PulledTransport, Received, WebSocketPipe};
use crate::connection::{ConnectionRequest, Principal};
use crate::endpoint::{HubEndpoint, authorize, deadline};
use crate::hub::HubRuntime;
use crate::lifetime::DisconnectCount;

/// A SignalR client that uses the JSON protocol over an in-memory transport, by default a
/// WebSocket.
///
/// It encodes and decodes values with the hub's [`Naming`].
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
    pub(super) transport: T,
    pub(super) records: Vec<u8>,
    pub(super) received: VecDeque<Arrived>,
    last_id: u64,
    pub(super) methods: ClientMethods,
    pub(super) naming: Naming,
    pub(super) hub: Weak<HubRuntime>,
}

impl TestClient {
    /// Opens a transport and performs the handshake.
    ///
    /// # Errors
    ///
    /// Returns an error if the server refuses the handshake or ends the transport, or if the user
    /// does not meet what the endpoint asks for ([`HubEndpoint::authorize`]).
    pub async fn connect(endpoint: &HubEndpoint) -> io::Result<Self> {
        let since = allowed(endpoint, None).await?;
        Self::open_since(endpoint, None, since).handshaken().await
    }

    /// Connects as [`TestClient::connect`] does, with an authenticated user.
    ///
    /// ```
    /// use hubwire::testing::TestClient;
    /// use hubwire::{HubResult, Principal, SignalR, hub};
    /// use serde_json::json;
    ///
    /// struct OrdersHub;
    ///
    /// #[hub]
    /// impl OrdersHub {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let orders = SignalR::new().hub().build(OrdersHub);
    /// let mut ann = TestClient::connect_as(&orders.endpoint(), Principal::new([("sub", "ann")])).await?;
    /// orders.context().clients().user("ann").send("OrderShipped", (7,)).await?;
    /// assert_eq!(ann.push().await?, ("OrderShipped".to_owned(), json!([7])));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the server refuses the handshake or ends the transport, or if the user
    /// does not meet what the endpoint asks for ([`HubEndpoint::authorize`]).
    pub async fn connect_as(endpoint: &HubEndpoint, principal: Principal) -> io::Result<Self> {
        let since = allowed(endpoint, Some(&principal)).await?;
        let opened = Self::open_since(endpoint, Some(principal), since);
        opened.handshaken().await
    }

    /// Opens a WebSocket without negotiation, and sends nothing yet.
    #[must_use]
    pub fn open(endpoint: &HubEndpoint, principal: Option<Principal>) -> Self {
        Self::open_since(endpoint, principal, begun(endpoint))
    }

    fn open_since(
        endpoint: &HubEndpoint,
        principal: Option<Principal>,
        since: DisconnectCount,
    ) -> Self {
        let transport = WebSocketPipe::open(endpoint, principal, since);
        Self::over(transport, endpoint)
    }

    /// Sends raw bytes, which need not be WebSocket frames.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport has ended.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transport.send_raw(bytes).await
    }

    /// Returns the client's end of the pipe, for tests that read and write frames themselves.
    #[must_use]
    pub fn into_pipe(self) -> DuplexStream {
        self.transport.into_pipe()
    }
}

/// Returns the number of disconnections before a request that begins now.
fn begun(endpoint: &HubEndpoint) -> DisconnectCount {
    endpoint.hub().lifetime().disconnect_count()
}

/// Asks the endpoint whether a user may use it, as a request would; returns the number of
/// disconnections before that.
async fn allowed(endpoint: &HubEndpoint, user: Option<&Principal>) -> io::Result<DisconnectCount> {
    let since = begun(endpoint);
    let allowed = authorize(
        endpoint,
        user,
        || ConnectionRequest::of(user.cloned()),
        deadline(endpoint),
    )
    .await;
    allowed.map(|()| since).map_err(|status| {
        let text = format!("the endpoint refuses the request: {status}");
        io::Error::new(io::ErrorKind::PermissionDenied, text)
    })
}

impl TestClient<PulledTransport> {
    /// Opens a pulled transport and sends nothing yet, not even the handshake.
    ///
    /// The client pulls only while [`TestClient::receive`], or a method that calls it, is awaited.
    /// Otherwise it does not receive the Close message of a server that shuts down.
    #[must_use]
    pub fn open_pulled(endpoint: &HubEndpoint, principal: Option<Principal>) -> Self {
        Self::open_pulled_since(endpoint, principal, begun(endpoint))
    }

    fn open_pulled_since(
        endpoint: &HubEndpoint,
        principal: Option<Principal>,
        since: DisconnectCount,
    ) -> Self {
        let transport = PulledTransport::open(endpoint, principal, since);
        Self::over(transport, endpoint)
    }

    /// Opens a pulled transport and performs the handshake.
    ///
    /// # Errors
    ///
    /// Returns an error if the server refuses the handshake or ends the transport, or if the user
    /// does not meet what the endpoint asks for ([`HubEndpoint::authorize`]).
    pub async fn connect_pulled(endpoint: &HubEndpoint) -> io::Result<Self> {
        let since = allowed(endpoint, None).await?;
        let opened = Self::open_pulled_since(endpoint, None, since);
        opened.handshaken().await
    }

    /// Stops receiving, as between two polls. Messages that are sent meanwhile, including pings,
    /// are kept.
    ///
    /// They are kept up to the hub's `maximum_outbound_buffer_size`, and for the endpoint's
    /// `web_socket_close_timeout` after the connection's end. [`TestClient::receive`] fails until
    /// the client is back.
    pub fn leave(&mut self) {
        self.transport.leave();
    }

    /// Resumes receiving.
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
            naming: endpoint.hub().options().naming,
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

    /// The connection's id, as the hub knows it.
    #[must_use]
    pub fn connection_id(&self) -> &ConnectionId {
        self.transport.connection_id()
    }

    /// Waits for this long, in which nothing may arrive but pings and what [`TestClient::on`] answers.
    ///
    /// Under paused time it takes none.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hubwire::testing::TestClient;
    /// use hubwire::{SignalR, hub};
    ///
    /// struct OrdersHub;
    ///
    /// #[hub]
    /// impl OrdersHub {}
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let orders = SignalR::new().hub().build(OrdersHub);
    /// let mut ann = TestClient::connect(&orders.endpoint()).await?;
    /// let mut bob = TestClient::connect(&orders.endpoint()).await?;
    /// let anns = orders.context().clients().client(ann.connection_id().clone());
    /// anns.send("OrderShipped", (7,)).await?;
    /// bob.expect_silence(Duration::from_secs(60)).await?;
    /// assert!(ann.expect_silence(Duration::from_secs(60)).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When anything else arrives, the end of the connection too; the error says what.
    pub async fn expect_silence(&mut self, duration: Duration) -> io::Result<()> {
        let heard = async {
            loop {
                match self.next_arrived().await {
                    Ok(ping) if ping.is_message(6) => {}
                    Ok(other) => {
                        break io::Error::other(format!("no silence, but {:?}", other.received));
                    }
                    Err(error) => break error,
                }
            }
        };
        timeout(duration, heard).await.map_or(Ok(()), Err)
    }

    /// Begins a call and returns its invocation id.
    ///
    /// # Errors
    ///
    /// Returns an error if an argument cannot be encoded, or if the transport has ended.
    pub async fn start(&mut self, target: &str, arguments: impl Arguments) -> io::Result<String> {
        let id = self.next_id();
        let call = self.written(|writer| writer.invocation(Some(&id), target, &arguments, &[]));
        drop(arguments);
        self.keep_causes();
        self.send_bytes(&call.map_err(io::Error::other)?).await?;
        Ok(id)
    }

    /// Calls a method without expecting a completion.
    ///
    /// # Errors
    ///
    /// Returns an error if an argument cannot be encoded, or if the transport has ended.
    pub async fn send(&mut self, target: &str, arguments: impl Arguments) -> io::Result<()> {
        let call = self.written(|writer| writer.invocation(None, target, &arguments, &[]));
        drop(arguments);
        self.send_bytes(&call.map_err(io::Error::other)?).await
    }

    /// Encodes a message with the hub's naming.
    pub(super) fn written(
        &self,
        write: impl FnOnce(&mut MessageWriter<'_>) -> Result<(), EncodeError>,
    ) -> Result<Vec<u8>, EncodeError> {
        let mut record = Vec::new();
        let writer = HubProtocol::Json.writer(&mut record);
        write(&mut writer.with_naming(self.naming))?;
        Ok(record)
    }

    pub(super) fn next_id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }

    /// Sends one JSON record.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport has ended.
    pub async fn send_record(&mut self, record: &Value) -> io::Result<()> {
        let mut payload = record.to_string().into_bytes();
        payload.push(RECORD_SEPARATOR);
        self.send_bytes(&payload).await
    }

    /// Sends any bytes; a WebSocket sends them as one text message.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport has ended.
    pub async fn send_bytes(&mut self, payload: &[u8]) -> io::Result<()> {
        self.transport.send(payload).await
    }

    /// Closes the transport. What the server still sends can then be received.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport has ended.
    pub async fn close(&mut self) -> io::Result<()> {
        self.transport.close().await
    }
}
