//! A connection without a hub protocol, as its handler sees it.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use hubwire_core::{ConnectionId, EncodedMessage, UserId};
use hubwire_protocol::{TransferFormat, Transport};
use tokio_util::sync::CancellationToken;

use super::{Chunk, ReceivedChunks};
use crate::connection::{Connection, ConnectionRequest, Principal};

/// A connection that carries bytes without a hub protocol.
///
/// Dropping it does not end the connection; what arrives is then discarded. See
/// [`ConnectionHandler`](crate::ConnectionHandler).
pub struct RawConnection {
    received: Arc<ReceivedChunks>,
    sender: ConnectionSender,
}

impl RawConnection {
    pub(crate) fn new(connection: Arc<Connection>, received: Arc<ReceivedChunks>) -> Self {
        Self {
            received,
            sender: ConnectionSender { connection },
        }
    }

    /// Waits for the next chunk; returns `None` once the connection has ended and everything that
    /// was received before is taken.
    ///
    /// While nothing is taken, up to
    /// [`application_maximum_buffer_size`](crate::EndpointOptions::application_maximum_buffer_size)
    /// bytes are kept (each chunk counts 64 more). Then the socket is not read, or the POST waits.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing.
    pub async fn receive(&mut self) -> Option<Chunk> {
        let (chunk, makes_room) = poll_fn(|cx| self.received.poll_take(cx)).await?;
        if makes_room {
            self.sender.connection.wake_session();
        }
        Some(chunk)
    }

    /// Sends a chunk; see [`ConnectionSender::send`].
    ///
    /// # Errors
    ///
    /// Returns an error if the connection has ended.
    pub async fn send(&self, chunk: impl Into<Chunk>) -> Result<(), ConnectionClosed> {
        self.sender.send(chunk).await
    }

    /// Returns a handle that sends, for other tasks.
    #[must_use]
    pub fn sender(&self) -> ConnectionSender {
        self.sender.clone()
    }

    /// Returns a token that fires when the connection has ended: its client has left or reads too
    /// slowly, the server shuts down, or [`ConnectionSender::abort`] was called.
    #[must_use]
    pub fn connection_closed(&self) -> CancellationToken {
        self.sender.connection.aborted()
    }

    /// Returns the id of the connection.
    #[must_use]
    pub fn connection_id(&self) -> &ConnectionId {
        self.sender.connection.id()
    }

    /// Returns the request that opened the connection.
    #[must_use]
    pub fn request(&self) -> &ConnectionRequest {
        self.sender.connection.request()
    }

    /// Returns the user that authentication has found, if any, for the request that opened the
    /// connection or for the last poll.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        self.sender.connection.principal()
    }

    /// Returns the id of the user: the name identifier of the principal.
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        self.sender.connection.user_id()
    }

    /// Returns the transport of the connection.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.sender.connection.transport()
    }

    /// Ends the connection; see [`ConnectionSender::abort`].
    pub fn abort(&self) {
        self.sender.abort();
    }
}

impl Drop for RawConnection {
    fn drop(&mut self) {
        self.received.discard();
        self.sender.connection.wake_session();
    }
}

impl fmt::Debug for RawConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawConnection")
            .field("connection_id", self.connection_id())
            .finish_non_exhaustive()
    }
}

/// Sends to a [`RawConnection`], from any task; clones send to the same connection.
///
/// ```
/// use std::time::Duration;
///
/// use hubwire::connections::{ConnectionHandler, HandlerResult, RawConnection};
///
/// /// Sends a tick every second, until the client sends something.
/// struct Ticker;
///
/// impl ConnectionHandler for Ticker {
///     async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
///         let sender = connection.sender();
///         let ticks = async {
///             loop {
///                 sender.send("tick").await?;
///                 tokio::time::sleep(Duration::from_secs(1)).await;
///             }
///         };
///         tokio::select! {
///             ended = ticks => ended,
///             _ = connection.receive() => Ok(()),
///         }
///     }
/// }
/// ```
#[derive(Clone)]
pub struct ConnectionSender {
    connection: Arc<Connection>,
}

impl ConnectionSender {
    /// Queues a chunk, once less than 64 KiB are queued
    /// ([`answer_buffer_size`](crate::HubOptions::answer_buffer_size)).
    ///
    /// Over a WebSocket, the chunk is one message. Over an event stream, it is one event, and so is
    /// meant for text: line ends arrive as line feeds. A poll returns everything that is queued. A
    /// client that takes too little for too long is disconnected
    /// ([`transport_progress_timeout`](crate::EndpointOptions::transport_progress_timeout)), so this
    /// does not wait forever.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection has ended. What was queued before may not have arrived.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped before it resolves, nothing is sent.
    pub async fn send(&self, chunk: impl Into<Chunk>) -> Result<(), ConnectionClosed> {
        let outbound = self.connection.outbound();
        outbound.item_room().await;
        if outbound.is_finished() || outbound.failure().is_some() {
            return Err(ConnectionClosed(()));
        }
        let chunk = chunk.into();
        let format = self.frame_type(&chunk);
        let message = EncodedMessage::of_bytes(format, chunk.into_bytes().into());
        // Whoever sends next waits, if necessary.
        let _ = outbound.offer_alone(message);
        Ok(())
    }

    /// A WebSocket may carry only UTF-8 as text, and what was posted may be anything.
    fn frame_type(&self, chunk: &Chunk) -> TransferFormat {
        match self.connection.transport() {
            Transport::WebSockets if chunk.as_text().is_none() => TransferFormat::Binary,
            _ => chunk.format(),
        }
    }

    /// Ends the connection: what is queued is still sent, as long as the client takes it, and nothing more is accepted.
    pub fn abort(&self) {
        self.connection.abort();
    }

    /// Returns the id of the connection.
    #[must_use]
    pub fn connection_id(&self) -> &ConnectionId {
        self.connection.id()
    }
}

impl fmt::Debug for ConnectionSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSender")
            .field("connection_id", self.connection_id())
            .finish_non_exhaustive()
    }
}

/// The error of sending to a connection that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection has ended")]
pub struct ConnectionClosed(());
