//! Splitting bytes into messages, each prefixed by its length (LEB128, at most five bytes).

use crate::error::{EncodeError, ProtocolError};

/// The longest body with a length that can be written.
const MAXIMUM_LENGTH: usize = 0x7FFF_FFFF;

/// The most bytes of a length prefix.
pub(super) const LONGEST_PREFIX: usize = 5;

/// The state of the front of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextBody<'a> {
    /// A whole body, and the number of bytes that it took including its length.
    Complete(&'a [u8], usize),
    /// The beginning of a message; more bytes may complete it.
    Incomplete,
    /// As many bytes as a message may have, without a whole message.
    TooLong,
}

/// Looks for a message at the front of `buffer`. The message may have `limit` bytes, including its
/// length.
pub(crate) fn next_body(
    buffer: &[u8],
    limit: Option<usize>,
) -> Result<NextBody<'_>, ProtocolError> {
    let visible = limit
        .and_then(|limit| buffer.get(..limit))
        .unwrap_or(buffer);
    let body = read_prefix(visible)?.and_then(|(length, prefix)| {
        let end = prefix.checked_add(length)?;
        Some(NextBody::Complete(visible.get(prefix..end)?, end))
    });
    Ok(match body {
        Some(complete) => complete,
        None if visible.len() < buffer.len() => NextBody::TooLong,
        None => NextBody::Incomplete,
    })
}

/// Returns the length at the front and the number of bytes that encode it, if they are all there.
///
/// As in ASP.NET Core, a length may be encoded in more bytes than it needs, up to five.
fn read_prefix(buffer: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
    let mut length = 0_usize;
    for (at, &byte) in buffer.iter().take(LONGEST_PREFIX).enumerate() {
        let is_fifth = at + 1 == LONGEST_PREFIX;
        if is_fifth && byte > 7 {
            return Err(ProtocolError::LengthTooLarge);
        }
        length |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((length, at + 1)));
        }
    }
    Ok(None)
}

/// Returns the total size of the message at the front, if its length is there and valid.
pub(crate) fn announced(buffer: &[u8]) -> Option<usize> {
    let (length, prefix) = read_prefix(buffer).ok().flatten()?;
    length.checked_add(prefix)
}

/// Writes the length of the body after `start`, where one byte was reserved for it.
pub(super) fn close_body(out: &mut Vec<u8>, start: usize) -> Result<(), EncodeError> {
    let body = start + 1;
    let length = out.len().saturating_sub(body);
    if length > MAXIMUM_LENGTH {
        return Err(EncodeError::new("message of more than 2147483647 bytes"));
    }
    let mut prefix = [0; LONGEST_PREFIX];
    let mut rest = length;
    let mut size = 0;
    for byte in &mut prefix {
        *byte = (rest & 0x7F) as u8;
        rest >>= 7;
        size += 1;
        if rest == 0 {
            break;
        }
        *byte |= 0x80;
    }
    if size > 1 {
        out.resize(out.len() + size - 1, 0);
        out.copy_within(body..body + length, start + size);
    }
    for (to, from) in out.iter_mut().skip(start).zip(prefix.iter().take(size)) {
        *to = *from;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<(usize, usize)>) {
        assert_eq!(read_prefix(bytes), Ok(expected), "{bytes:x?}");
    }

    #[test]
    fn lengths_have_one_to_five_bytes() {
        check(&[0], Some((0, 1)));
        check(&[0x35], Some((53, 1)));
        check(&[0x80, 0x29], Some((5248, 2)));
        check(&[0xFF, 0xFF, 0xFF, 0xFF, 7], Some((0x7FFF_FFFF, 5)));
        check(&[0x8E, 0x80, 0x80, 0x80, 0], Some((14, 5)));
        check(&[], None);
        check(&[0x80, 0x80, 0x80, 0x80], None);
    }

    #[test]
    fn longer_lengths_are_refused() {
        for bytes in [
            [0xFF, 0xFF, 0xFF, 0xFF, 8],
            [0x80, 0x80, 0x80, 0x80, 0x80],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] {
            assert_eq!(read_prefix(&bytes), Err(ProtocolError::LengthTooLarge));
        }
    }

    #[test]
    fn limit_counts_the_length() {
        let message = [&[5][..], b"abcde"].concat();
        let whole = NextBody::Complete(b"abcde", 6);
        assert_eq!(next_body(&message, Some(6)), Ok(whole));
        assert_eq!(next_body(&message, Some(5)), Ok(NextBody::TooLong));
        assert_eq!(next_body(&message[..5], Some(5)), Ok(NextBody::Incomplete));
        assert_eq!(
            next_body(&[&message[..], b"\xFFrest"].concat(), Some(6)),
            Ok(whole)
        );
    }

    #[test]
    fn a_length_over_the_limit_waits_for_the_bytes() {
        assert_eq!(
            next_body(b"\x80\x80\x02", Some(10)),
            Ok(NextBody::Incomplete)
        );
        assert_eq!(next_body(b"\x80\x80\x02", Some(2)), Ok(NextBody::TooLong));
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
            let mut out = b"before".to_vec();
            out.push(0);
            out.extend((0..length).map(|at| (at % 251) as u8));
            let body = out[7..].to_vec();
            close_body(&mut out, 6).unwrap();
            let end = out.len() - 6;
            assert_eq!(
                next_body(&out[6..], None),
                Ok(NextBody::Complete(&body, end))
            );
            assert_eq!(announced(&out[6..]), Some(end));
        }
    }
}
