//! Bytes that a connection without a hub protocol has received or sends.

use std::str;

use bytes::Bytes;
use hubwire_protocol::TransferFormat;

/// Bytes that a connection without a hub protocol has received or sends, text or binary.
///
/// Over a WebSocket, a chunk is a message. A received message that is longer than
/// [`application_maximum_buffer_size`](crate::EndpointOptions::application_maximum_buffer_size)
/// (64 KiB) arrives as several chunks, which are cut between characters if it is text. Over the
/// other transports, a received chunk is an arbitrary part of what the client posts.
///
/// ```
/// use hubwire::connections::Chunk;
/// use hubwire::protocol::TransferFormat;
///
/// let text = Chunk::from("hello");
/// assert_eq!((text.format(), text.as_text()), (TransferFormat::Text, Some("hello")));
///
/// let binary = Chunk::from(vec![0xff, 0]);
/// assert_eq!((binary.format(), binary.as_text()), (TransferFormat::Binary, None));
/// assert_eq!(binary.bytes(), [0xff, 0]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    format: TransferFormat,
    bytes: Bytes,
}

impl Chunk {
    pub(crate) const fn new(format: TransferFormat, bytes: Bytes) -> Self {
        Self { format, bytes }
    }

    /// Returns whether this is text or binary.
    ///
    /// What is posted, to event streams and long polling, is always text, whatever its bytes are:
    /// SignalR's clients do not say.
    #[must_use]
    pub const fn format(&self) -> TransferFormat {
        self.format
    }

    /// Returns the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes as text, unless they are not UTF-8.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok()
    }

    /// Returns the bytes, which clones share.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

impl From<&str> for Chunk {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Chunk {
    fn from(text: String) -> Self {
        Self::new(TransferFormat::Text, text.into())
    }
}

impl From<&[u8]> for Chunk {
    fn from(bytes: &[u8]) -> Self {
        Self::from(bytes.to_owned())
    }
}

impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

impl From<Bytes> for Chunk {
    fn from(bytes: Bytes) -> Self {
        Self::new(TransferFormat::Binary, bytes)
    }
}
