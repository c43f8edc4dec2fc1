//! An encoded hub message; all receivers share its bytes.

use std::fmt;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use hubwire_protocol::{HubProtocol, TransferFormat};

use crate::WhenBusy;
use crate::held_bytes::{HeldBytes, Holding};

/// The way a transport carries a hub message: as a WebSocket message, as an event, or as part of
/// the body of a poll response.
///
/// Each transport has one format, in a `static`; formats are compared by address.
pub struct FrameFormat {
    name: &'static str,
    append: AppendFrame,
}

/// Appends a whole hub message in the transport's format.
type AppendFrame = fn(TransferFormat, &[u8], &mut Vec<u8>);

impl FrameFormat {
    /// Creates a format that appends each hub message with `append`; `name` is only for `Debug`.
    #[must_use]
    pub const fn new(name: &'static str, append: AppendFrame) -> Self {
        Self { name, append }
    }

    /// Appends a hub message, text or binary, in the transport's format.
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
    when_busy: WhenBusy,
    /// The bare message; `None` once the first frame ends with it.
    message: Mutex<Option<Vec<u8>>>,
    /// Nearly always the only frame.
    framed: OnceLock<Framed>,
}

/// The message in one format, with a slot for the next format.
struct Framed {
    format: &'static FrameFormat,
    bytes: Vec<u8>,
    _held: Option<Holding>,
    next: OnceLock<Box<Self>>,
}

impl EncodedMessage {
    /// Wraps a hub message that is delimited as `protocol` requires.
    #[must_use]
    pub fn new(protocol: HubProtocol, message: Vec<u8>) -> Self {
        Self::with_when_busy(protocol, message, WhenBusy::Close)
    }

    /// Like [`EncodedMessage::new`], and says what becomes of the message where a client is busy.
    #[must_use]
    pub fn with_when_busy(protocol: HubProtocol, message: Vec<u8>, when_busy: WhenBusy) -> Self {
        Self::of(protocol.transfer_format(), message, when_busy)
    }

    /// Wraps bytes of no hub protocol, which are text or binary.
    #[must_use]
    pub fn of_bytes(transfer_format: TransferFormat, bytes: Vec<u8>) -> Self {
        Self::of(transfer_format, bytes, WhenBusy::Close)
    }

    fn of(transfer_format: TransferFormat, message: Vec<u8>, when_busy: WhenBusy) -> Self {
        Self(Arc::new(Shared {
            transfer_format,
            size: message.len(),
            when_busy,
            message: Mutex::new(Some(message)),
            framed: OnceLock::new(),
        }))
    }

    /// Returns the message in a transport's format; frames it only on the first request for that
    /// format.
    #[inline]
    #[must_use]
    pub fn framed(&self, format: &'static FrameFormat) -> &[u8] {
        match self.first_framed(format) {
            Some(bytes) => bytes,
            None => self.framed_by(format, None),
        }
    }

    /// Like [`EncodedMessage::framed`]; a frame built here counts in `held`, with the message's
    /// key, until its last clone is dropped.
    #[inline]
    #[must_use]
    pub fn framed_in(&self, format: &'static FrameFormat, held: &Arc<HeldBytes>) -> &[u8] {
        match self.first_framed(format) {
            Some(bytes) => bytes,
            None => self.framed_by(format, Some(held)),
        }
    }

    /// Returns the first frame, if it has this format. In nearly all cases it is the only frame.
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

    /// Returns what becomes of the message where a client is busy.
    #[inline]
    #[must_use]
    pub fn when_busy(&self) -> &WhenBusy {
        &self.0.when_busy
    }

    /// Returns the size of the message's key, in bytes; 0 without one.
    #[inline]
    #[must_use]
    pub fn key_size(&self) -> usize {
        self.0.key_size()
    }

    /// Returns whether other clones share the bytes at the moment.
    #[inline]
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Copies the bare hub message, as backplanes carry it.
    #[must_use]
    pub fn message(&self) -> Bytes {
        self.0.with_message(Bytes::copy_from_slice)
    }
}

impl Shared {
    #[inline]
    fn key_size(&self) -> usize {
        self.when_busy.key().map_or(0, |key| key.len())
    }

    /// Builds the first frame. If it ends with the message, the separate copy of the message is
    /// dropped.
    fn first_frame(&self, format: &'static FrameFormat, held: Option<&Arc<HeldBytes>>) -> Framed {
        let framed = self.frame(format, held);
        self.lock()
            .take_if(|message| framed.bytes.ends_with(message));
        framed
    }

    fn frame(&self, format: &'static FrameFormat, held: Option<&Arc<HeldBytes>>) -> Framed {
        /// More than a WebSocket header needs; the buffer grows for formats that need more.
        const OVERHEAD: usize = 16;
        let mut bytes = Vec::with_capacity(self.size + OVERHEAD);
        self.with_message(|message| format.frame(self.transfer_format, message, &mut bytes));
        Framed {
            format,
            _held: held.map(|held| Holding::new(held, bytes.len() + self.key_size())),
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
        // The thread that took the message is about to store the frame that contains it.
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
        let _ = json.framed_in(&NAMED, &held);
        assert_eq!(held.get(), 4 + 7);
        drop(json);
        assert_eq!(held.get(), 4 + 7);
        drop(copy);
        assert_eq!(held.get(), 0);
    }

    #[test]
    fn the_key_of_a_message_counts_with_its_frame() {
        let held = Arc::new(HeldBytes::default());
        let (protocol, message) = (HubProtocol::Json, b"{}\x1e".to_vec());
        let json = EncodedMessage::with_when_busy(protocol, message, WhenBusy::latest("key"));
        let _ = json.framed_in(&SUFFIXED, &held);
        assert_eq!((json.key_size(), held.get()), (3, 4 + 3));
        drop(json);
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
