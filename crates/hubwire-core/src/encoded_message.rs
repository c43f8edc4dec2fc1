//! A hub message as bytes, which however many receivers share.

use std::fmt;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use hubwire_protocol::{HubProtocol, TransferFormat};

use crate::held_bytes::{HeldBytes, Holding};

/// How a transport carries a hub message: as a WebSocket message, as an event, as part of a poll's body.
///
/// Each transport has one, in a `static`: a format is known by its address.
pub struct FrameFormat {
    name: &'static str,
    append: AppendFrame,
}

/// Appends a whole hub message as the transport carries it.
type AppendFrame = fn(TransferFormat, &[u8], &mut Vec<u8>);

impl FrameFormat {
    /// A format that appends each hub message with `append`; `name` is for people.
    #[must_use]
    pub const fn new(name: &'static str, append: AppendFrame) -> Self {
        Self { name, append }
    }

    /// Appends a hub message, which is text or binary, as the transport carries it.
    pub fn frame(&self, transfer_format: TransferFormat, message: &[u8], output: &mut Vec<u8>) {
        (self.append)(transfer_format, message, output);
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
    size: usize,
    /// The message alone; `None` once it lies at the end of the first frame.
    message: Mutex<Option<Vec<u8>>>,
    /// Nearly always the only one.
    framed: OnceLock<Framed>,
}

/// The message in one format, and a place for the next one.
struct Framed {
    format: &'static FrameFormat,
    bytes: Vec<u8>,
    _held: Option<Holding>,
    next: OnceLock<Box<Self>>,
}

impl EncodedMessage {
    /// Takes a hub message that is delimited as `protocol` demands.
    #[must_use]
    pub fn new(protocol: HubProtocol, message: Vec<u8>) -> Self {
        Self(Arc::new(Shared {
            transfer_format: protocol.transfer_format(),
            size: message.len(),
            message: Mutex::new(Some(message)),
            framed: OnceLock::new(),
        }))
    }

    /// The message as a transport carries it; framed only the first time that its format is wanted.
    #[inline]
    #[must_use]
    pub fn framed(&self, format: &'static FrameFormat) -> &[u8] {
        match self.first_framed(format) {
            Some(bytes) => bytes,
            None => self.framed_by(format, None),
        }
    }

    /// As [`EncodedMessage::framed`]; a frame that is built here counts in `held` until its last clone is gone.
    #[inline]
    #[must_use]
    pub fn framed_in(&self, format: &'static FrameFormat, held: &Arc<HeldBytes>) -> &[u8] {
        match self.first_framed(format) {
            Some(bytes) => bytes,
            None => self.framed_by(format, Some(held)),
        }
    }

    /// The frame that there is nearly always.
    #[inline]
    fn first_framed(&self, format: &'static FrameFormat) -> Option<&[u8]> {
        let framed = self.0.framed.get()?;
        framed.format.is(format).then_some(&*framed.bytes)
    }

    fn framed_by(&self, format: &'static FrameFormat, held: Option<&Arc<HeldBytes>>) -> &[u8] {
        let first = || self.0.first_frame(format, held);
        let mut framed = self.0.framed.get_or_init(first);
        while !framed.format.is(format) {
            let next = || Box::new(self.0.frame(format, held));
            framed = framed.next.get_or_init(next);
        }
        &framed.bytes
    }

    /// Whether other clones share the bytes at the moment.
    #[inline]
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// As [`EncodedMessage::framed`], to be kept: it shares the bytes.
    #[must_use]
    pub fn into_frame(self, format: &'static FrameFormat) -> Bytes {
        let message = self;
        Bytes::from_owner(Frame { message, format })
    }

    /// A copy of the hub message alone, as backplanes carry it.
    #[must_use]
    pub fn message(&self) -> Bytes {
        self.0.with_message(Bytes::copy_from_slice)
    }
}

/// What keeps a frame whose bytes are shared.
struct Frame {
    message: EncodedMessage,
    format: &'static FrameFormat,
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        self.message.framed(self.format)
    }
}

impl Shared {
    /// The first frame keeps the message too, where that lies at its end: nobody needs it twice.
    fn first_frame(&self, format: &'static FrameFormat, held: Option<&Arc<HeldBytes>>) -> Framed {
        let framed = self.frame(format, held);
        self.lock()
            .take_if(|message| framed.bytes.ends_with(message));
        framed
    }

    fn frame(&self, format: &'static FrameFormat, held: Option<&Arc<HeldBytes>>) -> Framed {
        /// More than a WebSocket's header has; other formats may take more, and grow.
        const OVERHEAD: usize = 16;
        let mut bytes = Vec::with_capacity(self.size + OVERHEAD);
        self.with_message(|message| format.frame(self.transfer_format, message, &mut bytes));
        Framed {
            format,
            _held: held.map(|held| Holding::new(held, bytes.len())),
            bytes,
            next: OnceLock::new(),
        }
    }

    fn with_message<R>(&self, use_it: impl FnOnce(&[u8]) -> R) -> R {
        let message = self.lock();
        if let Some(message) = &*message {
            return use_it(message);
        }
        drop(message);
        // Whoever took it away is about to leave the frame that holds it.
        let framed = self.framed.wait();
        let at = framed.bytes.len().saturating_sub(self.size);
        use_it(framed.bytes.get(at..).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.message.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for EncodedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedMessage")
            .field("transfer_format", &self.0.transfer_format)
            .field("bytes", &self.0.size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SUFFIXED: FrameFormat = FrameFormat::new("suffixed", |_, message, output| {
        output.extend_from_slice(message);
        output.push(b'!');
    });
    static NAMED: FrameFormat = FrameFormat::new("named", |transfer_format, message, output| {
        output.extend_from_slice(transfer_format.name().as_bytes());
        output.extend_from_slice(message);
    });

    #[test]
    fn a_message_is_framed_once_for_each_format() {
        let json = EncodedMessage::new(HubProtocol::Json, b"{}\x1e".to_vec());
        let packed = EncodedMessage::new(HubProtocol::MessagePack, b"\x01\x90".to_vec());
        assert_eq!(json.framed(&SUFFIXED), b"{}\x1e!");
        assert_eq!(json.framed(&NAMED), b"Text{}\x1e");
        assert_eq!(packed.framed(&NAMED), b"Binary\x01\x90");
        let copy = json.clone();
        assert!(ptr::eq(json.framed(&SUFFIXED), copy.framed(&SUFFIXED)));
        let frame = copy.clone().into_frame(&NAMED);
        assert!(ptr::eq(json.framed(&NAMED), &*frame));
        assert_eq!(copy.message(), &b"{}\x1e"[..]);
    }

    #[test]
    fn a_frame_counts_once_from_when_it_is_built_to_the_end_of_its_last_clone() {
        let held = Arc::new(HeldBytes::default());
        let json = EncodedMessage::new(HubProtocol::Json, b"{}\x1e".to_vec());
        let _ = json.framed_in(&SUFFIXED, &held);
        let copy = json.clone();
        let _ = copy.framed_in(&SUFFIXED, &held);
        assert_eq!((held.get(), json.is_shared()), (4, true));
        let frame = copy.into_frame(&SUFFIXED);
        let _ = json.framed_in(&NAMED, &held);
        assert_eq!(held.get(), 4 + 7);
        drop(json);
        assert_eq!((held.get(), &*frame), (4 + 7, &b"{}\x1e!"[..]));
        drop(frame);
        assert_eq!(held.get(), 0);
    }

    #[test]
    fn a_frame_that_ends_with_the_message_holds_it_for_others() {
        let json = EncodedMessage::new(HubProtocol::Json, b"{}\x1e".to_vec());
        assert_eq!(json.framed(&NAMED), b"Text{}\x1e");
        assert!(json.0.lock().is_none());
        assert_eq!(json.framed(&SUFFIXED), b"{}\x1e!");
        assert_eq!(json.message(), &b"{}\x1e"[..]);
    }
}
