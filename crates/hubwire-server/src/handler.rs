//! The types that connection handlers are written against: bytes in, bytes out, and no hub protocol.

mod chunk;
mod raw_connection;
mod received_chunks;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

pub use chunk::Chunk;
use futures_core::future::BoxFuture;
pub use raw_connection::{ConnectionClosed, ConnectionSender, RawConnection};
pub(crate) use received_chunks::ReceivedChunks;

/// What the handler of a connection ends with; `?` takes any error.
pub type HandlerResult = Result<(), Box<dyn Error + Send + Sync>>;

/// Handles connections that carry bytes without a hub protocol, over any transport.
///
/// This is ASP.NET Core's `ConnectionHandler`. Map it with
/// [`MapConnections::map_connections`](crate::MapConnections::map_connections). One value handles
/// all connections.
///
/// ```
/// use hubwire::SignalR;
/// use hubwire::connections::{ConnectionHandler, HandlerResult, MapConnections, RawConnection};
///
/// struct Echo;
///
/// impl ConnectionHandler for Echo {
///     async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
///         while let Some(chunk) = connection.receive().await {
///             connection.send(chunk).await?;
///         }
///         Ok(())
///     }
/// }
///
/// let signalr = SignalR::new();
/// let echo = signalr.connection_handler(Echo);
/// let app: axum::Router = axum::Router::new().map_connections("/echo", echo);
/// ```
pub trait ConnectionHandler: Send + Sync + 'static {
    /// Handles a connection until one of them ends.
    ///
    /// When the future resolves, everything sent before is delivered, and the connection ends: a
    /// WebSocket is closed with 1000, an event stream ends, and the next poll is told.
    ///
    /// When the connection ends first, [`RawConnection::receive`] returns `None` after what was
    /// received, [`RawConnection::send`] fails, and [`RawConnection::connection_closed`] fires. The
    /// future then runs on by itself, like a hub method whose client has left: until it resolves,
    /// until the grace period of a shutdown is over, or until too many calls run on
    /// ([`maximum_orphaned_calls`](crate::ServerOptions::maximum_orphaned_calls)).
    ///
    /// # Errors
    ///
    /// An error is logged, and closes a WebSocket with 1011. So does a panic, which affects no other
    /// connection. An error after the end of the connection, such as [`ConnectionClosed`], is only
    /// worth a line at DEBUG.
    fn on_connected(&self, connection: RawConnection)
    -> impl Future<Output = HandlerResult> + Send;
}

/// A handler without its type.
pub(crate) trait AnyConnectionHandler: Send + Sync {
    fn run(self: Arc<Self>, connection: RawConnection) -> BoxFuture<'static, HandlerResult>;
}

impl<H: ConnectionHandler> AnyConnectionHandler for H {
    fn run(self: Arc<Self>, connection: RawConnection) -> BoxFuture<'static, HandlerResult> {
        Box::pin(async move { self.on_connected(connection).await })
    }
}

impl fmt::Debug for dyn AnyConnectionHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionHandler")
    }
}
