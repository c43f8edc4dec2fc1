//! What a test client receives, with the encoded bytes, from which typed values are decoded.

use std::io;

use hubwire_protocol::{HubMessage, HubProtocol, Naming};
use serde_json::Value;

/// Something that a client receives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Received {
    /// The WebSocket was closed, with this code.
    Closed(Option<u16>),
    /// The transport ended without a Close frame.
    Lost,
    /// A hub message, or the response to the handshake.
    Message(Value),
    /// The response to a WebSocket ping.
    Pong,
}

/// Something that has arrived. A message keeps its record, because a [`Value`] loses digits of
/// decimals.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) received: Received,
    record: Vec<u8>,
}

impl Arrived {
    /// Creates a message from its record, which includes the record separator.
    pub(super) fn message(record: Vec<u8>) -> io::Result<Self> {
        let text = record.split_last().map_or(&[][..], |(_, text)| text);
        let received = Received::Message(serde_json::from_slice(text)?);
        Ok(Self { received, record })
    }

    /// Parses the message. Its values are decoded with this naming.
    pub(super) fn hub_message(&self, naming: Naming) -> io::Result<HubMessage<'_>> {
        match HubProtocol::Json.next_message(&self.record, None) {
            Ok(Some((message, _))) => Ok(message.with_naming(naming)),
            Ok(None) => Err(io::Error::other(format!("no message: {:?}", self.received))),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Returns whether it is a message of this type.
    pub(super) fn is_message(&self, message_type: u8) -> bool {
        matches!(&self.received, Received::Message(message) if message["type"] == message_type)
    }

    /// Returns whether it is a message of this type with this invocation id.
    pub(super) fn is_of_call(&self, message_type: u8, id: &str) -> bool {
        let is_about = |message: &Value| message["invocationId"] == id;
        self.is_message(message_type)
            && matches!(&self.received, Received::Message(message) if is_about(message))
    }

    /// Returns whether nothing more can arrive.
    pub(super) fn is_end(&self) -> bool {
        matches!(self.received, Received::Closed(_) | Received::Lost)
    }
}

impl From<Received> for Arrived {
    fn from(received: Received) -> Self {
        let record = Vec::new();
        Self { received, record }
    }
}
