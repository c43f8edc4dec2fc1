//! A hub message as bytes, which however many receivers share.

use std::fmt;
use std::ptr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hubwire_protocol::{HubProtocol, TransferFormat};

/// How a transport carries a hub message: as a WebSocket message, as an event, as part of a poll's body.
///
/// Each transport has one, in a `static`: a format is known by its address.
pub struct FrameFormat {
    name: &'static str,
    frame: Frame,
}

/// Appends a whole hub message as the transport carries it.
type Frame = fn(TransferFormat, &[u8], &mut Vec<u8>);

impl FrameFormat {
    /// A format that appends each hub message with `frame`; `name` is for people.
    #[must_use]
    pub const fn new(name: &'static str, frame: Frame) -> Self {
        Self { name, frame }
    }

    /// Appends a hub message, which is text or binary, as the transport carries it.
    pub fn frame(&self, transfer_format: TransferFormat, message: &[u8], output: &mut Vec<u8>) {
        (self.frame)(transfer_format, message, output);
    }

    fn is(&'static self, other: &'static Self) -> bool {
        ptr::eq(self, other)
    }
}

impl fmt::Debug for FrameFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FrameFormat").field(&self.name).finish()
    }
}

/// A hub message encoded in one protocol, and framed once for each format in use.
///
/// Clones share the bytes.
#[derive(Clone)]
pub struct EncodedMessage(Arc<Shared>);

struct Shared {
    transfer_format: TransferFormat,
    message: Vec<u8>,
    /// Nearly always the only one.
    framed: OnceLock<Framed>,
}

/// The message in one format, and a place for the next one.
struct Framed {
    format: &'static FrameFormat,
    bytes: Vec<u8>,
    next: OnceLock<Box<Self>>,
}

impl EncodedMessage {
    /// Takes a hub message that is delimited as `protocol` demands.
    #[must_use]
    pub fn new(protocol: HubProtocol, message: Vec<u8>) -> Self {
        Self(Arc::new(Shared {
            transfer_format: protocol.transfer_format(),
            message,
            framed: OnceLock::new(),
        }))
    }

    /// The message as a transport carries it; framed only the first time that its format is asked for.
    #[must_use]
    pub fn framed(&self, format: &'static FrameFormat) -> &[u8] {
        let mut framed = self.0.framed.get_or_init(|| self.0.frame(format));
        while !framed.format.is(format) {
            framed = framed.next.get_or_init(|| Box::new(self.0.frame(format)));
        }
        &framed.bytes
    }

    /// The hub message alone, as backplanes carry it.
    #[must_use]
    pub fn message(&self) -> Bytes {
        Bytes::copy_from_slice(&self.0.message)
    }
}

impl Shared {
    fn frame(&self, format: &'static FrameFormat) -> Framed {
        /// More than a WebSocket's header has; other formats may take more, and grow.
        const OVERHEAD: usize = 16;
        let mut bytes = Vec::with_capacity(self.message.len() + OVERHEAD);
        format.frame(self.transfer_format, &self.message, &mut bytes);
        Framed {
            format,
            bytes,
            next: OnceLock::new(),
        }
    }
}

impl fmt::Debug for EncodedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedMessage")
            .field("transfer_format", &self.0.transfer_format)
            .field("bytes", &self.0.message.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static BARE: FrameFormat = FrameFormat::new("bare", |_, message, output| {
        output.extend_from_slice(message);
    });
    static NAMED: FrameFormat = FrameFormat::new("named", |transfer_format, message, output| {
        output.extend_from_slice(transfer_format.name().as_bytes());
        output.extend_from_slice(message);
    });

    #[test]
    fn a_message_is_framed_once_for_each_format() {
        let json = EncodedMessage::new(HubProtocol::Json, b"{}\x1e".to_vec());
        let packed = EncodedMessage::new(HubProtocol::MessagePack, b"\x01\x90".to_vec());
        assert_eq!(json.framed(&BARE), b"{}\x1e");
        assert_eq!(json.framed(&NAMED), b"Text{}\x1e");
        assert_eq!(packed.framed(&NAMED), b"Binary\x01\x90");
        let copy = json.clone();
        assert!(ptr::eq(json.framed(&BARE), copy.framed(&BARE)));
        assert!(ptr::eq(json.framed(&NAMED), copy.framed(&NAMED)));
        assert_eq!(copy.message(), &b"{}\x1e"[..]);
    }
}
