//! Received hub messages, which borrow from the buffer that they were parsed from.

use std::borrow::Cow;

use crate::arguments::{RawArguments, RawItem};
use crate::naming::Naming;

mod headers;
mod ids;

pub use headers::Headers;

/// A received hub message.
#[derive(Clone, Debug, PartialEq)]
pub enum HubMessage<'a> {
    /// A call of a method that has at most one result.
    Invocation(Invocation<'a>),
    /// A call of a method that returns a stream.
    StreamInvocation(Invocation<'a>),
    /// One item of a stream.
    StreamItem(StreamItem<'a>),
    /// The end of a call or of a stream.
    Completion(Completion<'a>),
    /// The caller of a stream cancels it.
    CancelInvocation(CancelInvocation<'a>),
    /// A sign of life.
    Ping,
    /// The end of the connection.
    Close(Close<'a>),
    /// An acknowledgement of every message up to this sequence id (stateful reconnect).
    Ack(i64),
    /// The sequence id of the next message (stateful reconnect).
    Sequence(i64),
    /// A message of a type that this version does not know, to be ignored.
    Unknown(i32),
}

/// A call of a method with at most one result or, as a [`HubMessage::StreamInvocation`], of a
/// stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation<'a> {
    /// The message's headers.
    pub headers: Headers<'a>,
    /// The id for the completion; never empty, and always present for a stream.
    pub invocation_id: Option<Cow<'a, str>>,
    /// The name of the method.
    pub target: Cow<'a, str>,
    /// The arguments, not yet decoded.
    pub arguments: RawArguments<'a>,
    /// The ids of the streams that the caller uploads.
    pub stream_ids: Vec<Cow<'a, str>>,
}

/// One item of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamItem<'a> {
    /// The message's headers.
    pub headers: Headers<'a>,
    /// The id of the stream.
    pub invocation_id: Cow<'a, str>,
    /// The item, not yet decoded.
    pub item: RawItem<'a>,
}

/// The end of a call or of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion<'a> {
    /// The message's headers.
    pub headers: Headers<'a>,
    /// The id of the call or stream.
    pub invocation_id: Cow<'a, str>,
    /// How it ended.
    pub outcome: CompletionOutcome<'a>,
}

/// The outcome of a call or a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum CompletionOutcome<'a> {
    /// It failed, with an error text that may be empty.
    Error(Cow<'a, str>),
    /// It has a result, which may be null.
    Result(RawItem<'a>),
    /// It succeeded without a result.
    Void,
}

/// The request of a stream's caller to cancel it.
#[derive(Clone, Debug, PartialEq)]
pub struct CancelInvocation<'a> {
    /// The message's headers.
    pub headers: Headers<'a>,
    /// The id of the stream.
    pub invocation_id: Cow<'a, str>,
}

/// The end of the connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Close<'a> {
    /// The reason, if there is one.
    pub error: Option<Cow<'a, str>>,
    /// Whether a client may reconnect automatically.
    pub allow_reconnect: bool,
}

impl HubMessage<'_> {
    /// Decodes the values in the message with this naming.
    #[must_use]
    pub fn with_naming(self, naming: Naming) -> Self {
        match self {
            Self::Invocation(call) => Self::Invocation(call.with_naming(naming)),
            Self::StreamInvocation(call) => Self::StreamInvocation(call.with_naming(naming)),
            Self::StreamItem(mut message) => {
                message.item = message.item.with_naming(naming);
                Self::StreamItem(message)
            }
            Self::Completion(mut message) => {
                if let CompletionOutcome::Result(result) = message.outcome {
                    message.outcome = CompletionOutcome::Result(result.with_naming(naming));
                }
                Self::Completion(message)
            }
            other => other,
        }
    }

    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> HubMessage<'static> {
        match self {
            Self::Invocation(call) => HubMessage::Invocation(call.into_owned()),
            Self::StreamInvocation(call) => HubMessage::StreamInvocation(call.into_owned()),
            Self::StreamItem(item) => HubMessage::StreamItem(item.into_owned()),
            Self::Completion(completion) => HubMessage::Completion(completion.into_owned()),
            Self::CancelInvocation(cancel) => HubMessage::CancelInvocation(cancel.into_owned()),
            Self::Ping => HubMessage::Ping,
            Self::Close(close) => HubMessage::Close(close.into_owned()),
            Self::Ack(sequence_id) => HubMessage::Ack(sequence_id),
            Self::Sequence(sequence_id) => HubMessage::Sequence(sequence_id),
            Self::Unknown(message_type) => HubMessage::Unknown(message_type),
        }
    }
}

impl Invocation<'_> {
    fn with_naming(mut self, naming: Naming) -> Self {
        self.arguments = self.arguments.with_naming(naming);
        self
    }

    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> Invocation<'static> {
        Invocation {
            headers: self.headers.into_owned(),
            invocation_id: self.invocation_id.map(owned),
            target: owned(self.target),
            arguments: self.arguments.into_owned(),
            stream_ids: self.stream_ids.into_iter().map(owned).collect(),
        }
    }
}

impl StreamItem<'_> {
    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> StreamItem<'static> {
        StreamItem {
            headers: self.headers.into_owned(),
            invocation_id: owned(self.invocation_id),
            item: self.item.into_owned(),
        }
    }
}

impl Completion<'_> {
    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> Completion<'static> {
        Completion {
            headers: self.headers.into_owned(),
            invocation_id: owned(self.invocation_id),
            outcome: self.outcome.into_owned(),
        }
    }
}

impl CompletionOutcome<'_> {
    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> CompletionOutcome<'static> {
        match self {
            Self::Error(text) => CompletionOutcome::Error(owned(text)),
            Self::Result(item) => CompletionOutcome::Result(item.into_owned()),
            Self::Void => CompletionOutcome::Void,
        }
    }
}

impl CancelInvocation<'_> {
    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> CancelInvocation<'static> {
        CancelInvocation {
            headers: self.headers.into_owned(),
            invocation_id: owned(self.invocation_id),
        }
    }
}

impl Close<'_> {
    /// Copies what is borrowed. The result may outlive the buffer.
    #[must_use]
    pub fn into_owned(self) -> Close<'static> {
        Close {
            error: self.error.map(owned),
            allow_reconnect: self.allow_reconnect,
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
