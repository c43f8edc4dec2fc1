//! The hub protocols that a connection can speak, as one type.

use serde::{Deserialize, Serialize};

use crate::error::ProtocolError;
use crate::framing::{NextRecord, RECORD_SEPARATOR, next_record};
use crate::json;
use crate::message::HubMessage;
use crate::message_writer::MessageWriter;
use crate::messagepack::{self, NextBody, announced, next_body};

/// The kind of bytes that a hub protocol writes; it decides the type of its WebSocket messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TransferFormat {
    /// Any bytes.
    Binary,
    /// UTF-8 text.
    Text,
}

impl TransferFormat {
    /// Returns the name used in negotiate responses and handshake errors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "Binary",
            Self::Text => "Text",
        }
    }
}

/// A hub protocol: the encoding of hub messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HubProtocol {
    /// JSON records; every client speaks this protocol.
    Json,
    /// MessagePack arrays with length prefixes; smaller messages, and byte strings without base64.
    MessagePack,
}

impl HubProtocol {
    /// The highest version that a handshake may ask for.
    ///
    /// In every protocol, version 2 is version 1 plus stateful reconnect.
    pub const MAXIMUM_VERSION: i32 = 2;

    /// Returns the protocol with this name, ignoring case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Json, Self::MessagePack]
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// Returns the name by which a handshake asks for the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// Returns the kind of bytes that the protocol writes.
    #[must_use]
    pub const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
            Self::MessagePack => TransferFormat::Binary,
        }
    }

    /// Parses the message at the front of `buffer` and returns it with the number of bytes it
    /// took.
    ///
    /// Returns `None` if more bytes are needed. A message may have `limit` bytes, including its
    /// framing. A longer buffer is fine if its first `limit` bytes contain a whole message.
    ///
    /// ```
    /// use hubwire::protocol::{HubMessage, HubProtocol};
    ///
    /// let buffer = b"{\"type\":6}\x1e{\"type\":";
    /// let (message, consumed) = HubProtocol::Json.next_message(buffer, Some(32 * 1024))?.unwrap();
    /// assert_eq!(message, HubMessage::Ping);
    /// assert_eq!(HubProtocol::Json.next_message(&buffer[consumed..], Some(32 * 1024))?, None);
    /// # Ok::<(), hubwire::protocol::ProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the message is malformed or too long; either ends the connection.
    pub fn next_message(
        self,
        buffer: &[u8],
        limit: Option<usize>,
    ) -> Result<Option<(HubMessage<'_>, usize)>, ProtocolError> {
        match self {
            Self::Json => match next_record(buffer, limit) {
                NextRecord::Complete(record) => {
                    Ok(Some((json::parse_message(record)?, record.len() + 1)))
                }
                NextRecord::Incomplete => Ok(None),
                NextRecord::TooLong => Err(too_large(limit)),
            },
            Self::MessagePack => match next_body(buffer, limit)? {
                NextBody::Complete(body, consumed) => {
                    Ok(Some((messagepack::parse_message(body)?, consumed)))
                }
                NextBody::Incomplete => Ok(None),
                NextBody::TooLong => Err(too_large(limit)),
            },
        }
    }

    /// Returns whether looking again for a message at the front of `buffer` can find more than
    /// before its last `added` bytes arrived.
    ///
    /// This is cheap enough to call for each piece of a long message. `false` means that
    /// [`next_message`](Self::next_message) would again need more bytes, as long as the buffer is
    /// within the limit.
    ///
    /// ```
    /// use hubwire::protocol::HubProtocol;
    ///
    /// assert!(!HubProtocol::Json.may_complete(b"{\"type\":", 4));
    /// assert!(HubProtocol::Json.may_complete(b"{\"type\":6}\x1e", 3));
    /// assert!(!HubProtocol::MessagePack.may_complete(b"\x02\x91", 1));
    /// assert!(HubProtocol::MessagePack.may_complete(b"\x02\x91\x06", 1));
    /// ```
    #[must_use]
    pub fn may_complete(self, buffer: &[u8], added: usize) -> bool {
        match self {
            Self::Json => {
                let known = buffer.len().saturating_sub(added);
                let added = buffer.get(known..).unwrap_or_default();
                memchr::memchr(RECORD_SEPARATOR, added).is_some()
            }
            // While the length itself is incomplete, there are at most five bytes to look at
            // again.
            Self::MessagePack => announced(buffer).is_none_or(|length| buffer.len() >= length),
        }
    }

    /// Returns a writer that appends messages of this protocol to `out`.
    pub const fn writer(self, out: &mut Vec<u8>) -> MessageWriter<'_> {
        MessageWriter::new(self, out)
    }
}

fn too_large(limit: Option<usize>) -> ProtocolError {
    let limit = limit.unwrap_or(usize::MAX);
    ProtocolError::MessageTooLarge { limit }
}
