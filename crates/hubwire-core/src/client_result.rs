//! Values that a server asks its clients for.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::BoxStream;
use hubwire_protocol::{CompletionOutcome, DecodeError, RawItem, dotnet_type_name};
use serde::de::DeserializeOwned;

use crate::{ConnectionId, SendError};

/// Why a client that was asked gave no usable answer.
///
/// The texts are ASP.NET Core's. `?` turns it into an error of a hub method whose caller reads the text
/// where ASP.NET Core shows it: what the client itself said, what could not be decoded, and a time-out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientResultError {
    /// The client answered with an error; the text is the client's.
    #[error("{0}")]
    Client(String),
    /// The client answered without a value: it has no handler for the method, or one that returns nothing.
    #[error("Client didn't provide a result.")]
    NoResult,
    /// The answer is not of the type that was asked for.
    #[error("Error trying to deserialize result to {type_name}. {detail}")]
    Decode {
        /// What .NET calls the type, or the Rust name of one that .NET does not have.
        type_name: &'static str,
        /// What does not fit, as ASP.NET Core would say it.
        detail: String,
        /// What the decoder said.
        source: DecodeError,
    },
    /// The client did not answer in time.
    #[error("Invocation canceled by the server.")]
    TimedOut {
        /// How long the answer was waited for.
        waited: Duration,
    },
    /// No connection has this id.
    #[error("Connection '{connection_id}' does not exist.")]
    UnknownConnection {
        /// The connection that was to be asked.
        connection_id: ConnectionId,
    },
    /// The connection ended before it answered.
    #[error("Connection '{connection_id}' disconnected.")]
    Disconnected {
        /// The connection that was asked.
        connection_id: ConnectionId,
    },
    /// The hub is in its hook for new connections, during which no answer is read.
    #[error("Client results inside OnConnectedAsync Hub methods are not allowed.")]
    InOnConnected,
    /// As many questions to one client are open as its hub allows.
    #[error(
        "{limit} questions to connection `{connection_id}` are open, which is as many as its hub allows"
    )]
    TooManyPending {
        /// The connection that was to be asked.
        connection_id: ConnectionId,
        /// The hub's limit.
        limit: usize,
    },
    /// The question itself was not sent.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// One client's answer, not decoded yet.
pub type ClientAnswer = Result<RawItem<'static>, ClientResultError>;

/// The answers of the clients that were asked, in the order in which they come.
///
/// Ends when each has answered, failed or run out of time. Dropping it gives the question up: late answers
/// are ignored, and no client is told.
pub struct ClientAnswers(BoxStream<'static, (ConnectionId, ClientAnswer)>);

impl ClientAnswers {
    /// Answers that come from this stream.
    pub fn new<S>(answers: S) -> Self
    where
        S: Stream<Item = (ConnectionId, ClientAnswer)> + Send + 'static,
    {
        Self(Box::pin(answers))
    }
}

impl Stream for ClientAnswers {
    type Item = (ConnectionId, ClientAnswer);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for ClientAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAnswers")
    }
}

/// What a completion that a client sent says about a question.
pub fn client_answer(outcome: CompletionOutcome<'_>) -> ClientAnswer {
    match outcome {
        CompletionOutcome::Error(text) => Err(ClientResultError::Client(text.into_owned())),
        CompletionOutcome::Result(value) => Ok(value.into_owned()),
        CompletionOutcome::Void => Err(ClientResultError::NoResult),
    }
}

/// Decodes an answer into the type that was asked for.
pub(crate) fn decode<T: DeserializeOwned>(answer: ClientAnswer) -> Result<T, ClientResultError> {
    let value = answer?;
    value.decode().map_err(|source| ClientResultError::Decode {
        type_name: dotnet_type_name::<T>(),
        detail: value.misfit::<T>(&source, "argument").1,
        source,
    })
}

/// The call of a hub method from which clients are asked; set by the server, not by hub code.
///
/// While it waits for a client's answer a call must not keep the messages behind it from being read.
pub trait InvocationScope: Send + Sync + 'static {
    /// Runs before a client is asked.
    ///
    /// # Errors
    ///
    /// Where no answer could be read: [`ClientResultError::InOnConnected`].
    fn before_asking(&self) -> Result<(), ClientResultError>;
}
