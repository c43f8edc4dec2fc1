//! The transports of test clients.

use std::fmt;
use std::future::Future;
use std::io;

/// A transport between a [`TestClient`](super::TestClient) and its server.
pub trait ClientTransport: fmt::Debug + Send + sealed::Sealed {
    /// Sends hub bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport has ended.
    fn send(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Returns what arrives next. There is no time limit.
    ///
    /// # Errors
    ///
    /// Returns an error if the server violates the transport's protocol.
    fn receive(&mut self) -> impl Future<Output = io::Result<Vec<Incoming>>> + Send;

    /// Closes the transport gracefully.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport has ended.
    fn close(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

pub(super) mod sealed {
    //! Seals the transports: only this crate can open one.

    use hubwire_core::ConnectionId;

    #[expect(unnameable_types, reason = "prevents implementations elsewhere")]
    pub trait Sealed {
        /// Returns the id of the connection.
        fn connection_id(&self) -> &ConnectionId;
    }
}

/// Something that arrives over a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// Hub bytes.
    Bytes(Vec<u8>),
    /// The server closed the transport, for a WebSocket with this code.
    Closed(Option<u16>),
    /// The transport has ended.
    Lost,
    /// The response to a WebSocket ping.
    Pong,
}
