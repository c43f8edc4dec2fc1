//! Client results: what clients return to a server that invoked them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::BoxStream;
use hubwire_protocol::{
    CompletionOutcome, DecodeError, Excerpt, HubProtocol, RawItem, dotnet_type_name,
};
use serde::de::DeserializeOwned;

use crate::{ConnectionId, SendError};

/// The reason why an invoked client gave no usable result.
///
/// The texts are ASP.NET Core's. `?` converts it to the error of a hub method. The caller of that
/// method sees the text where ASP.NET Core shows it: for the client's own error, for a result that
/// cannot be decoded, and for a timeout.
///
/// ```
/// use hubwire::{ClientResultError, HubCallerContext, HubResult, hub, hub_client};
///
/// #[hub_client]
/// trait GameClient {
///     fn confirm(&self, question: &str) -> bool;
/// }
///
/// struct GameHub;
///
/// #[hub(client = GameClient)]
/// impl GameHub {
///     pub async fn leave(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
///         match cx.clients().caller().confirm("Leave the game?").await {
///             Ok(is_sure) => Ok(is_sure),
///             Err(ClientResultError::TimedOut { .. } | ClientResultError::NoResult) => Ok(false),
///             Err(error) => Err(error.into()),
///         }
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientResultError {
    /// The client's handler failed with this text.
    #[error("{0}")]
    Client(String),
    /// The client completed without a result: it has no handler for the method, or its handler
    /// returns nothing.
    #[error("Client didn't provide a result.")]
    NoResult,
    /// The result does not have the expected type.
    #[error("Error trying to deserialize result to {type_name}. {detail}")]
    Decode {
        /// The .NET name of the type, or the Rust name if .NET has no such type.
        type_name: &'static str,
        /// What does not fit, in ASP.NET Core's words.
        detail: String,
        /// The decoder's error.
        source: DecodeError,
    },
    /// The client did not complete the invocation in time.
    #[error("Invocation canceled by the server.")]
    TimedOut {
        /// How long the server waited for the result.
        waited: Duration,
    },
    /// No connection has this id.
    #[error("Connection '{connection_id}' does not exist.")]
    UnknownConnection {
        /// The connection that was to be invoked.
        connection_id: ConnectionId,
    },
    /// The connection ended before its result arrived.
    #[error("Connection '{connection_id}' disconnected.")]
    Disconnected {
        /// The connection that was invoked.
        connection_id: ConnectionId,
    },
    /// The hub is in its `on_connected` hook; no client result is read until that returns.
    #[error("Client results inside OnConnectedAsync Hub methods are not allowed.")]
    InOnConnected,
    /// The client already has as many pending results as its hub allows.
    #[error(
        "{limit} results of connection `{connection_id}` are pending, which is as many as its hub allows"
    )]
    TooManyPending {
        /// The connection that was to be invoked.
        connection_id: ConnectionId,
        /// The hub's limit.
        limit: usize,
    },
    /// The invocation itself was not sent.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// One client's result, not yet decoded.
pub type RawClientResult = Result<RawItem<'static>, ClientResultError>;

/// The results of the invoked clients, in the order in which they arrive.
///
/// The stream ends when each client has completed, failed or run out of time. Dropping it abandons
/// the invocation: late results are ignored, and the clients are not told.
pub struct RawClientResults(BoxStream<'static, (ConnectionId, RawClientResult)>);

impl RawClientResults {
    /// Wraps a stream of results.
    pub fn new<S>(results: S) -> Self
    where
        S: Stream<Item = (ConnectionId, RawClientResult)> + Send + 'static,
    {
        Self(Box::pin(results))
    }
}

impl Stream for RawClientResults {
    type Item = (ConnectionId, RawClientResult);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for RawClientResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawClientResults")
    }
}

/// Converts the outcome of a client's completion to its result.
pub fn raw_client_result(outcome: CompletionOutcome<'_>) -> RawClientResult {
    match outcome {
        CompletionOutcome::Error(text) => Err(ClientResultError::Client(text.into_owned())),
        CompletionOutcome::Result(value) => Ok(value.into_owned()),
        CompletionOutcome::Void => Err(ClientResultError::NoResult),
    }
}

/// Decodes a result into the expected type.
pub(crate) fn decode<T: DeserializeOwned>(
    connection_id: &ConnectionId,
    result: RawClientResult,
) -> Result<T, ClientResultError> {
    let value = result?;
    value.decode().map_err(|source| {
        tracing::debug!(
            target: "hubwire::dispatch",
            %connection_id,
            error = ?Excerpt(value.misfit_detail_without_value::<T>(&source)),
            "client result refused"
        );
        // The caller of the hub method reads this text, so it must not contain what another
        // client returned.
        let detail = match value.protocol() {
            HubProtocol::Json => source.detail_without_value(),
            HubProtocol::MessagePack => value.misfit::<T>(&source, "argument").1,
        };
        ClientResultError::Decode {
            type_name: dotnet_type_name::<T>(),
            detail,
            source,
        }
    })
}

/// The call of a hub method that invokes clients; set by the server, not by hub code.
///
/// A call that waits for a client result must not keep the messages behind it from being read.
pub trait InvocationScope: Send + Sync + 'static {
    /// Runs before a client is invoked for its result.
    ///
    /// # Errors
    ///
    /// Returns [`ClientResultError::InOnConnected`] if no client result could be read at this
    /// point.
    fn before_client_result(&self) -> Result<(), ClientResultError>;
}
