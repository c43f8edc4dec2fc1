//! Writing frames: unmasked, unfragmented frames for a server, and client frames for tests.

use super::mask::Mask;
use super::{CONTROL_LIMIT, FIN, MASKED, Opcode};

/// The header of an unmasked frame that is a whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    bytes: [u8; 10],
    len: u8,
}

impl FrameHeader {
    /// Returns the header as bytes: 2, 4 or 10 of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.len))
            .unwrap_or(&self.bytes)
    }
}

impl AsRef<[u8]> for FrameHeader {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Returns the header that a server puts before a payload of this length.
///
/// ```
/// use hubwire::protocol::{Opcode, encode_header};
///
/// assert_eq!(encode_header(Opcode::Text, 11).as_bytes(), [0x81, 11]);
/// assert_eq!(encode_header(Opcode::Binary, 300).as_bytes(), [0x82, 126, 1, 44]);
/// ```
#[must_use]
pub fn encode_header(opcode: Opcode, payload_len: usize) -> FrameHeader {
    let mut bytes = [0; 10];
    bytes[0] = FIN | opcode.number();
    let len = if let (true, Ok(short)) = (payload_len <= CONTROL_LIMIT, u8::try_from(payload_len)) {
        bytes[1] = short;
        2
    } else if let Ok(medium) = u16::try_from(payload_len) {
        bytes[1] = 126;
        bytes[2..4].copy_from_slice(&medium.to_be_bytes());
        4
    } else {
        bytes[1] = 127;
        bytes[2..].copy_from_slice(&(payload_len as u64).to_be_bytes());
        10
    };
    FrameHeader { bytes, len }
}

/// Appends a server frame that is a whole message.
pub fn write_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.extend_from_slice(encode_header(opcode, payload.len()).as_bytes());
    out.extend_from_slice(payload);
}

/// Returns a server's close frame.
///
/// A reason of more than 123 bytes is cut, because a control frame cannot carry more.
#[must_use]
pub fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    let reason = reason
        .get(..reason.floor_char_boundary(CONTROL_LIMIT - 2))
        .unwrap_or_default();
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    let mut frame = Vec::with_capacity(payload.len() + 2);
    write_frame(&mut frame, Opcode::Close, &payload);
    frame
}

/// Appends a client frame. A message may be split into several frames, of which the last is final.
pub fn write_masked_frame(
    out: &mut Vec<u8>,
    opcode: Opcode,
    is_final: bool,
    mask: [u8; 4],
    payload: &[u8],
) {
    let header = out.len();
    out.extend_from_slice(encode_header(opcode, payload.len()).as_bytes());
    if let Some([first, second]) = out.get_mut(header..header + 2) {
        *first &= if is_final { !0 } else { !FIN };
        *second |= MASKED;
    }
    out.extend_from_slice(&mask);
    let start = out.len();
    out.extend_from_slice(payload);
    Mask::new(mask).apply(out.get_mut(start..).unwrap_or_default());
}
