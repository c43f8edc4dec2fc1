//! What clients return to a server that invoked them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::BoxStream;
use hubwire_protocol::{CompletionOutcome, DecodeError, Excerpt, RawItem, dotnet_type_name};
use serde::de::DeserializeOwned;

use crate::{ConnectionId, SendError};

/// Why a client that was invoked gave no usable result.
///
/// The texts are ASP.NET Core's. `?` turns it into an error of a hub method whose caller reads the text
/// where ASP.NET Core shows it: what the client itself said, what could not be decoded, and a time-out.
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
    /// The client's handler failed; the text is the client's.
    #[error("{0}")]
    Client(String),
    /// The client completed without a result: it has no handler for the method, or one that returns nothing.
    #[error("Client didn't provide a result.")]
    NoResult,
    /// The result is not of the type that was expected.
    #[error("Error trying to deserialize result to {type_name}. {detail}")]
    Decode {
        /// What .NET calls the type, or the Rust name of one that .NET does not have.
        type_name: &'static str,
        /// What does not fit, as ASP.NET Core would say it.
        detail: String,
        /// What the decoder said.
        source: DecodeError,
    },
    /// The client did not complete the invocation in time.
    #[error("Invocation canceled by the server.")]
    TimedOut {
        /// How long the result was waited for.
        waited: Duration,
    },
    /// No connection has this id.
    #[error("Connection '{connection_id}' does not exist.")]
    UnknownConnection {
        /// The connection that was to be invoked.
        connection_id: ConnectionId,
    },
    /// The connection ended before its result came.
    #[error("Connection '{connection_id}' disconnected.")]
    Disconnected {
        /// The connection that was invoked.
        connection_id: ConnectionId,
    },
    /// The hub is in its hook for new connections, during which no client result is read.
    #[error("Client results inside OnConnectedAsync Hub methods are not allowed.")]
    InOnConnected,
    /// As many results of one client are pending as its hub allows.
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

/// One client's result, not decoded yet.
pub type RawClientResult = Result<RawItem<'static>, ClientResultError>;

/// The results of the clients that were invoked, in the order in which they come.
///
/// Ends when each has completed, failed or run out of time. Dropping it gives the invocation up: late
/// results are ignored, and no client is told.
pub struct RawClientResults(BoxStream<'static, (ConnectionId, RawClientResult)>);

impl RawClientResults {
    /// Results that come from this stream.
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

/// What a completion that a client sent says of its invocation.
pub fn raw_client_result(outcome: CompletionOutcome<'_>) -> RawClientResult {
    match outcome {
        CompletionOutcome::Error(text) => Err(ClientResultError::Client(text.into_owned())),
        CompletionOutcome::Result(value) => Ok(value.into_owned()),
        CompletionOutcome::Void => Err(ClientResultError::NoResult),
    }
}

/// Decodes a result into the type that is expected.
pub(crate) fn decode<T: DeserializeOwned>(result: RawClientResult) -> Result<T, ClientResultError> {
    let value = result?;
    value.decode().map_err(|source| {
        tracing::debug!(
            target: "hubwire::dispatch",
            error = ?Excerpt(value.misfit_detail::<T>(&source)),
            "client result refused"
        );
        ClientResultError::Decode {
            type_name: dotnet_type_name::<T>(),
            detail: value.misfit::<T>(&source, "argument").1,
            source,
        }
    })
}

/// The call of a hub method that invokes clients; set by the server, not by hub code.
///
/// While it waits for a client result a call must not keep the messages behind it from being read.
pub trait InvocationScope: Send + Sync + 'static {
    /// Runs before a client is invoked for its result.
    ///
    /// # Errors
    ///
    /// Where no client result could be read: [`ClientResultError::InOnConnected`].
    fn before_client_result(&self) -> Result<(), ClientResultError>;
}
