//! The hub protocols a connection can speak, behind one type.

use serde::{Deserialize, Serialize};

use crate::error::ProtocolError;
use crate::framing::{NextRecord, RECORD_SEPARATOR, next_record};
use crate::json;
use crate::message::HubMessage;
use crate::message_writer::MessageWriter;
use crate::messagepack::{self, NextBody, announced, next_body};

/// How a hub protocol writes, which decides the type of its WebSocket messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TransferFormat {
    /// Any bytes.
    Binary,
    /// UTF-8 text.
    Text,
}

impl TransferFormat {
    /// The name that negotiate responses and handshake errors use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "Binary",
            Self::Text => "Text",
        }
    }
}

/// A hub protocol: how hub messages look as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HubProtocol {
    /// JSON records, the protocol that every client speaks.
    Json,
    /// MessagePack arrays behind their lengths, for smaller messages and for bytes.
    MessagePack,
}

impl HubProtocol {
    /// The highest version that a handshake may ask for.
    ///
    /// Version 2 is version 1 and stateful reconnect, in every protocol.
    pub const MAXIMUM_VERSION: i32 = 2;

    /// The protocol of this name, upper and lower case being the same.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Json, Self::MessagePack]
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// The name under which a handshake asks for the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// How the protocol writes.
    #[must_use]
    pub const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
            Self::MessagePack => TransferFormat::Binary,
        }
    }

    /// Parses the message at the front of `buffer`, and says how many bytes it took there.
    ///
    /// `None` means that more bytes are needed. A message may have `limit` bytes, its framing
    /// included; a longer buffer is no offence as long as its first `limit` bytes hold one.
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
    /// If the message is malformed or too long, either of which ends the connection.
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

    /// Whether looking for a message at the front of `buffer` again can find more than before
    /// its last `added` bytes came.
    ///
    /// Cheap enough for each piece of a long message: `false` means that
    /// [`next_message`](Self::next_message) would again say that it needs more bytes, as long as
    /// the buffer is within the limit.
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
            // Without a length that can be read there are at most five bytes to look at again.
            Self::MessagePack => announced(buffer).is_none_or(|length| buffer.len() >= length),
        }
    }

    /// Writes messages of this protocol to the end of `out`.
    pub const fn writer(self, out: &mut Vec<u8>) -> MessageWriter<'_> {
        MessageWriter::new(self, out)
    }
}

fn too_large(limit: Option<usize>) -> ProtocolError {
    let limit = limit.unwrap_or(usize::MAX);
    ProtocolError::MessageTooLarge { limit }
}
