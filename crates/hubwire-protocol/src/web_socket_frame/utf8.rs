//! Checking that a text message is UTF-8 while it arrives in pieces.

use std::str;

/// The state of a check: between characters, or inside one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Utf8Check {
    /// How many more bytes the character needs.
    needed: u8,
    /// The lowest and highest allowed value of the next byte; all bytes but the second of a
    /// character may be anything from 80 to BF.
    lowest: u8,
    highest: u8,
}

impl Utf8Check {
    /// Returns whether the message may end here.
    pub(super) const fn is_between_characters(self) -> bool {
        self.needed == 0
    }

    /// Checks the next part of the message; `Err` contains the number of bytes before the invalid
    /// one.
    pub(super) fn check(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let mut checked = 0;
        for &byte in bytes {
            if self.needed == 0 {
                break;
            }
            self.step(byte).ok_or(checked)?;
            checked += 1;
        }
        let rest = bytes.get(checked..).unwrap_or_default();
        let valid = str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
        checked += valid;
        for &byte in rest.get(valid..).unwrap_or_default() {
            self.step(byte).ok_or(checked)?;
            checked += 1;
        }
        Ok(())
    }

    /// Advances by one byte, following table 3-7 of the Unicode standard.
    const fn step(&mut self, byte: u8) -> Option<()> {
        if self.needed > 0 {
            if byte < self.lowest || byte > self.highest {
                return None;
            }
            *self = Self {
                needed: self.needed - 1,
                lowest: 0x80,
                highest: 0xBF,
            };
            return Some(());
        }
        let (needed, lowest, highest) = match byte {
            0x00..=0x7F => (0, 0x80, 0xBF),
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xE1..=0xEC | 0xEE..=0xEF => (2, 0x80, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xF0 => (3, 0x90, 0xBF),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            _ => return None,
        };
        *self = Self {
            needed,
            lowest,
            highest,
        };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a whole message: returns the position of the invalid byte, or whether the message
    /// may end.
    fn whole(bytes: &[u8]) -> Result<bool, usize> {
        let mut check = Utf8Check::default();
        check.check(bytes).map(|()| check.is_between_characters())
    }

    #[test]
    fn agrees_with_the_standard_library() {
        let seconds = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF];
        for first in 0..=0xFF_u8 {
            for second in seconds {
                for third in seconds {
                    for message in [
                        &[first, second, third, b'x'][..],
                        &[first, second, third, 0x80],
                    ] {
                        let verdict = whole(message) == Ok(true);
                        assert_eq!(verdict, str::from_utf8(message).is_ok(), "{message:x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_impossible_byte_is_named() {
        assert_eq!(whole(b"ab\xFFcd"), Err(2));
        assert_eq!(whole(b"ab\xE2\x28"), Err(3));
        assert_eq!(whole(b"\xED\xA0\x80"), Err(1));
        assert_eq!(whole(b"\xF4\x90"), Err(1));
        assert_eq!(whole(b"ab\xE2\x82"), Ok(false));
    }

    #[test]
    fn any_cut_gives_the_same() {
        for message in [
            &b"a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80z"[..],
            b"\xE4\xB8\xADab\xF0\x9F\x28",
        ] {
            for cut in 0..=message.len() {
                let (head, tail) = message.split_at(cut);
                let mut check = Utf8Check::default();
                let verdict = check
                    .check(head)
                    .and_then(|()| check.check(tail).map_err(|at| at + cut))
                    .map(|()| check.is_between_characters());
                assert_eq!(verdict, whole(message), "{message:x?} cut at {cut}");
            }
        }
    }
}
