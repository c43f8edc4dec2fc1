//! Writing hub messages in either protocol.

use serde::Serialize;

use crate::arguments::Arguments;
use crate::error::EncodeError;
use crate::hub_protocol::HubProtocol;
use crate::json::JsonWriter;
use crate::message::{Close, Headers};
use crate::messagepack::MessagePackWriter;
use crate::naming::Naming;

/// Writes hub messages with their framing to the end of a buffer.
///
/// Created by [`HubProtocol::writer`] at no cost. A message that cannot be encoded leaves the
/// buffer unchanged.
///
/// ```
/// use hubwire::protocol::HubProtocol;
///
/// let mut out = Vec::new();
/// let mut writer = HubProtocol::Json.writer(&mut out);
/// writer.stream_item("1", "first")?;
/// writer.completion_void("1");
/// assert_eq!(
///     String::from_utf8(out).unwrap(),
///     concat!(
///         "{\"type\":2,\"invocationId\":\"1\",\"item\":\"first\"}\x1e",
///         "{\"type\":3,\"invocationId\":\"1\"}\x1e",
///     )
/// );
/// # Ok::<(), hubwire::protocol::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct MessageWriter<'w> {
    protocol: HubProtocol,
    out: &'w mut Vec<u8>,
    headers: Option<&'w Headers<'w>>,
    naming: Naming,
}

/// The contents of an invocation or a stream invocation.
pub(crate) struct OutgoingCall<'a> {
    pub(crate) invocation_id: Option<&'a str>,
    pub(crate) target: &'a str,
    pub(crate) arguments: &'a dyn Arguments,
    pub(crate) stream_ids: &'a [&'a str],
}

impl<'w> MessageWriter<'w> {
    pub(crate) const fn new(protocol: HubProtocol, out: &'w mut Vec<u8>) -> Self {
        Self {
            protocol,
            out,
            headers: None,
            naming: Naming::AsDeclared,
        }
    }

    /// Adds these headers to each message that can have headers.
    #[must_use]
    pub const fn with_headers(mut self, headers: &'w Headers<'w>) -> Self {
        self.headers = Some(headers);
        self
    }

    /// Writes values with this naming; the default is the names that serde declares.
    #[must_use]
    pub const fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Writes a call of a method. The call gets a completion only if it has an id that is not
    /// empty.
    ///
    /// # Errors
    ///
    /// Returns an error if an argument cannot be encoded.
    pub fn invocation(
        &mut self,
        invocation_id: Option<&str>,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        let call = OutgoingCall {
            invocation_id,
            target,
            arguments,
            stream_ids,
        };
        match self.protocol {
            HubProtocol::Json => self.json().invocation(&call),
            HubProtocol::MessagePack => self.messagepack().invocation(&call),
        }
    }

    /// Writes a call of a method that returns a stream.
    ///
    /// # Errors
    ///
    /// Returns an error if an argument cannot be encoded.
    pub fn stream_invocation(
        &mut self,
        invocation_id: &str,
        target: &str,
        arguments: &dyn Arguments,
        stream_ids: &[&str],
    ) -> Result<(), EncodeError> {
        let call = OutgoingCall {
            invocation_id: Some(invocation_id),
            target,
            arguments,
            stream_ids,
        };
        match self.protocol {
            HubProtocol::Json => self.json().stream_invocation(&call),
            HubProtocol::MessagePack => self.messagepack().stream_invocation(&call),
        }
    }

    /// Writes one item of a stream.
    ///
    /// # Errors
    ///
    /// Returns an error if the item cannot be encoded.
    pub fn stream_item<T: Serialize + ?Sized>(
        &mut self,
        invocation_id: &str,
        item: &T,
    ) -> Result<(), EncodeError> {
        match self.protocol {
            HubProtocol::Json => self.json().stream_item(invocation_id, item),
            HubProtocol::MessagePack => self.messagepack().stream_item(invocation_id, item),
        }
    }

    /// Writes the end of a call with a result; a method without a value has the result null.
    ///
    /// # Errors
    ///
    /// Returns an error if the result cannot be encoded.
    pub fn completion_result<T: Serialize + ?Sized>(
        &mut self,
        invocation_id: &str,
        result: &T,
    ) -> Result<(), EncodeError> {
        match self.protocol {
            HubProtocol::Json => self.json().completion_result(invocation_id, result),
            HubProtocol::MessagePack => self.messagepack().completion_result(invocation_id, result),
        }
    }

    /// Writes the successful end of a stream, which has no result.
    pub fn completion_void(&mut self, invocation_id: &str) {
        match self.protocol {
            HubProtocol::Json => self.json().completion_void(invocation_id),
            HubProtocol::MessagePack => {
                ignore_length(self.messagepack().completion_void(invocation_id))
            }
        }
    }

    /// Writes the end of a call or stream that failed.
    ///
    /// The text must not be empty: JSON leaves an empty error out, which reads as success.
    pub fn completion_error(&mut self, invocation_id: &str, error: &str) {
        match self.protocol {
            HubProtocol::Json => self.json().completion_error(invocation_id, error),
            HubProtocol::MessagePack => {
                ignore_length(self.messagepack().completion_error(invocation_id, error))
            }
        }
    }

    /// Writes the cancellation of a stream by its caller.
    pub fn cancel_invocation(&mut self, invocation_id: &str) {
        match self.protocol {
            HubProtocol::Json => self.json().cancel_invocation(invocation_id),
            HubProtocol::MessagePack => {
                ignore_length(self.messagepack().cancel_invocation(invocation_id))
            }
        }
    }

    /// Writes a ping, which shows that the connection is alive.
    pub fn ping(&mut self) {
        match self.protocol {
            HubProtocol::Json => self.json().ping(),
            HubProtocol::MessagePack => ignore_length(self.messagepack().ping()),
        }
    }

    /// Writes the end of the connection.
    pub fn close(&mut self, close: &Close<'_>) {
        match self.protocol {
            HubProtocol::Json => self.json().close(close),
            HubProtocol::MessagePack => ignore_length(self.messagepack().close(close)),
        }
    }

    /// Writes an acknowledgement of every message up to this sequence id (stateful reconnect).
    pub fn ack(&mut self, sequence_id: i64) {
        match self.protocol {
            HubProtocol::Json => self.json().ack(sequence_id),
            HubProtocol::MessagePack => ignore_length(self.messagepack().ack(sequence_id)),
        }
    }

    /// Writes the sequence id of the next message (stateful reconnect).
    pub fn sequence(&mut self, sequence_id: i64) {
        match self.protocol {
            HubProtocol::Json => self.json().sequence(sequence_id),
            HubProtocol::MessagePack => ignore_length(self.messagepack().sequence(sequence_id)),
        }
    }

    const fn json(&mut self) -> JsonWriter<'_> {
        JsonWriter {
            out: self.out,
            headers: self.headers,
            naming: self.naming,
        }
    }

    const fn messagepack(&mut self) -> MessagePackWriter<'_> {
        MessagePackWriter {
            out: self.out,
            headers: self.headers,
            naming: self.naming,
        }
    }
}

/// Ignores the error of a message that consists only of text. Such a message fails only if it is
/// longer than 2 GiB, and is not written then.
fn ignore_length(written: Result<(), EncodeError>) {
    drop(written);
}
