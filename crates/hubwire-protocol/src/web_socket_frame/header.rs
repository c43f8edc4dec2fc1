//! Collecting the header of a frame; it is refused at the first byte that breaks a rule.

use super::mask::Mask;
use super::{CONTROL_LIMIT, FIN, FrameError, MASKED, Masking, Opcode};

/// The header of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) opcode: Opcode,
    pub(super) is_final: bool,
    pub(super) len: u64,
    pub(super) mask: Mask,
}

/// The part of a header that has arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PartialHeader {
    /// At most 2 bytes, 8 of an extended length and 4 of a mask.
    bytes: [u8; 14],
    len: u8,
}

impl PartialHeader {
    /// Takes header bytes from the front of `input`; returns `None` if there are not enough.
    pub(super) fn read(
        &mut self,
        input: &mut &mut [u8],
        masking: Masking,
        in_message: bool,
    ) -> Result<Option<Header>, FrameError> {
        while let Some(byte) = input.split_off_first_mut() {
            if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
                *place = *byte;
            }
            self.len += 1;
            match self.len {
                1 => self.check_opcode(in_message)?,
                2 => self.check_length(masking)?,
                3 if self.short_length() == 127 && *byte & 0x80 != 0 => {
                    return Err(FrameError::LengthOverflow);
                }
                _ => {}
            }
            if self.len >= 2 && usize::from(self.len) == self.needed() {
                return self.finish().map(Some);
            }
        }
        Ok(None)
    }

    fn check_opcode(&self, in_message: bool) -> Result<(), FrameError> {
        let first = self.bytes[0];
        if first & 0x70 != 0 {
            return Err(FrameError::ReservedBits);
        }
        let opcode = self.opcode()?;
        match opcode {
            Opcode::Continuation if !in_message => Err(FrameError::OrphanContinuation),
            Opcode::Text | Opcode::Binary if in_message => Err(FrameError::InterruptedMessage),
            _ if opcode.is_control() && first & FIN == 0 => Err(FrameError::FragmentedControl),
            _ => Ok(()),
        }
    }

    fn check_length(&self, masking: Masking) -> Result<(), FrameError> {
        match (masking, self.is_masked()) {
            (Masking::Required, false) => return Err(FrameError::Unmasked),
            (Masking::Forbidden, true) => return Err(FrameError::Masked),
            _ => {}
        }
        let is_long = usize::from(self.short_length()) > CONTROL_LIMIT;
        if self.opcode()?.is_control() && is_long {
            return Err(FrameError::ControlTooLong);
        }
        Ok(())
    }

    fn opcode(&self) -> Result<Opcode, FrameError> {
        Opcode::from_number(self.bytes[0] & 0x0F).ok_or(FrameError::ReservedOpcode)
    }

    const fn is_masked(&self) -> bool {
        self.bytes[1] & MASKED != 0
    }

    const fn short_length(&self) -> u8 {
        self.bytes[1] & !MASKED
    }

    const fn needed(&self) -> usize {
        self.length_end() + if self.is_masked() { 4 } else { 0 }
    }

    const fn length_end(&self) -> usize {
        match self.short_length() {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    fn finish(&self) -> Result<Header, FrameError> {
        let [first, _, length @ .., _, _, _, _] = self.bytes;
        let len = match self.short_length() {
            126 => u64::from(u16::from_be_bytes([length[0], length[1]])),
            127 => u64::from_be_bytes(length),
            short => u64::from(short),
        };
        let key = if self.is_masked() {
            self.bytes
                .get(self.length_end()..)
                .and_then(|rest| rest.first_chunk().copied())
        } else {
            None
        };
        Ok(Header {
            opcode: self.opcode()?,
            is_final: first & FIN != 0,
            len,
            mask: Mask::new(key.unwrap_or_default()),
        })
    }
}
