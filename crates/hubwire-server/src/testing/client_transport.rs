//! What carries a test client's bytes.

use std::fmt;
use std::future::Future;
use std::io;

/// How a [`TestClient`](super::TestClient) reaches its server.
pub trait ClientTransport: fmt::Debug + Send + sealed::Sealed {
    /// Sends hub bytes.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    fn send(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// What arrives next; without end, nothing else is waited for.
    ///
    /// # Errors
    ///
    /// When the server breaks the transport's rules.
    fn receive(&mut self) -> impl Future<Output = io::Result<Vec<Incoming>>> + Send;

    /// Closes the transport in good order.
    ///
    /// # Errors
    ///
    /// When the transport has ended.
    fn close(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

pub(super) mod sealed {
    //! Keeps transports within this crate, which alone can open them.

    use hubwire_core::ConnectionId;

    #[expect(unnameable_types, reason = "so that nobody else can implement it")]
    pub trait Sealed {
        /// The connection that the transport carries.
        fn connection_id(&self) -> &ConnectionId;
    }
}

/// What arrives by a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// Hub bytes.
    Bytes(Vec<u8>),
    /// The server closed the transport, with a WebSocket's code.
    Closed(Option<u16>),
    /// The transport has ended.
    Lost,
    /// The response to a WebSocket ping.
    Pong,
}
