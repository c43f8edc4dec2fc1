//! The payload of control frames, which is too small to be passed on in pieces.

use std::borrow::Cow;
use std::mem;

use super::FrameError;
use super::mask::Mask;

/// Takes at most `limit` bytes from the front of `input`.
pub(super) fn take<'a>(input: &mut &'a mut [u8], limit: usize) -> &'a mut [u8] {
    let count = limit.min(input.len());
    input.split_off_mut(..count).unwrap_or_default()
}

/// Takes the payload of a control frame: borrowed if it arrived in one piece, else collected.
pub(super) fn take_control<'a>(
    input: &mut &'a mut [u8],
    len: usize,
    mask: &mut Mask,
    gathered: &mut Vec<u8>,
) -> Option<Cow<'a, [u8]>> {
    let missing = len.saturating_sub(gathered.len());
    let part = take(input, missing);
    mask.apply(part);
    if part.len() == missing && gathered.is_empty() {
        return Some(Cow::Borrowed(part));
    }
    gathered.extend_from_slice(part);
    (gathered.len() == len).then(|| Cow::Owned(mem::take(gathered)))
}

/// Parses the code and the reason in the payload of a close frame, and checks that they are
/// allowed.
pub(super) fn parse_close(
    payload: Cow<'_, [u8]>,
) -> Result<(Option<u16>, Cow<'_, str>), FrameError> {
    let code = match *payload {
        [] => return Ok((None, Cow::Borrowed(""))),
        [_] => return Err(FrameError::ClosePayload),
        [high, low, ..] => u16::from_be_bytes([high, low]),
    };
    if !may_be_sent(code) {
        return Err(FrameError::CloseCode(code));
    }
    let reason = match payload {
        Cow::Borrowed(payload) => str::from_utf8(payload.get(2..).unwrap_or_default())
            .ok()
            .map(Cow::Borrowed),
        Cow::Owned(mut payload) => String::from_utf8(payload.split_off(2)).ok().map(Cow::Owned),
    };
    Ok((Some(code), reason.ok_or(FrameError::CloseReason)?))
}

/// Returns whether a peer may send this close code, by RFC 6455 section 7.4 and the IANA registry.
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
