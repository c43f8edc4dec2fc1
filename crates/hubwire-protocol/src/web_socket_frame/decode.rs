//! Reading frames: payload is unmasked in place and handed on as it arrives.

use std::borrow::Cow;

use super::control::{parse_close, take, take_control};
use super::header::{Header, PartialHeader};
use super::mask::Mask;
use super::utf8::Utf8Check;
use super::{FrameError, Opcode};

/// Whether the frames that are read must be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// They come from a server.
    Forbidden,
    /// They come from a client.
    Required,
}

/// What a message consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKind {
    /// Any bytes.
    Binary,
    /// UTF-8, which the decoder checks.
    Text,
}

/// What the decoder found next.
#[derive(Debug, PartialEq, Eq)]
pub enum FrameEvent<'a> {
    /// More of a message.
    Data {
        /// The next bytes, unmasked; their cut means nothing, and there may be none at the end.
        payload: &'a mut [u8],
        /// What the message consists of.
        kind: DataKind,
        /// Whether the message ends here.
        is_end: bool,
    },
    /// A ping; its pong has the same payload.
    Ping(Cow<'a, [u8]>),
    /// A pong.
    Pong(Cow<'a, [u8]>),
    /// The peer's last frame; whatever follows it is swallowed.
    Close {
        /// Why, as a number.
        code: Option<u16>,
        /// Why, in words; empty if the peer gave none.
        reason: Cow<'a, str>,
    },
}

/// Reads the frames of one side of a WebSocket.
///
/// Nothing is allocated ahead of the bytes, however long a frame says it is, and a message is
/// never gathered. However the input is cut, the events are the same but for the cutting of
/// payload. Text is checked as it comes; the bytes before the one that cannot be UTF-8 are
/// handed on, then the decoder fails.
///
/// ```
/// use hubwire::protocol::{DataKind, FrameDecoder, FrameEvent, Masking, Opcode};
///
/// let mut received = Vec::new();
/// hubwire::protocol::write_masked_frame(&mut received, Opcode::Text, [1, 2, 3, 4], b"hi");
///
/// let mut decoder = FrameDecoder::new(Masking::Required);
/// let mut input = &mut received[..];
/// let event = decoder.next(&mut input)?;
/// let (payload, kind) = (&mut b"hi".to_owned()[..], DataKind::Text);
/// assert_eq!(event, Some(FrameEvent::Data { payload, kind, is_end: true }));
/// assert_eq!(decoder.next(&mut input)?, None);
/// # Ok::<(), hubwire::protocol::FrameError>(())
/// ```
#[derive(Debug)]
pub struct FrameDecoder {
    state: State,
    /// The message whose frames are being read, if the last of them was not final.
    message: Option<DataKind>,
    text: Utf8Check,
    masking: Masking,
}

#[derive(Debug)]
enum State {
    Header(PartialHeader),
    Data {
        remaining: u64,
        mask: Mask,
        kind: DataKind,
        is_final: bool,
    },
    Control {
        opcode: Opcode,
        len: u8,
        mask: Mask,
        gathered: Vec<u8>,
    },
    Closed,
    Failed(FrameError),
}

impl FrameDecoder {
    /// A decoder at the beginning of a WebSocket's bytes.
    #[must_use]
    pub fn new(masking: Masking) -> Self {
        Self {
            state: State::Header(PartialHeader::default()),
            message: None,
            text: Utf8Check::default(),
            masking,
        }
    }

    /// Takes the next event off the front of `input`, `None` when all of it is consumed.
    ///
    /// # Errors
    ///
    /// If the peer broke a rule; every later call then fails the same way.
    pub fn next<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<FrameEvent<'a>>, FrameError> {
        let event = self.advance(input);
        if let Err(error) = event {
            self.state = State::Failed(error);
        }
        event
    }

    fn advance<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<FrameEvent<'a>>, FrameError> {
        loop {
            match &mut self.state {
                State::Header(header) => {
                    let header = header.read(input, self.masking, self.message.is_some())?;
                    let Some(header) = header else {
                        return Ok(None);
                    };
                    self.begin_frame(&header);
                }
                State::Data { remaining, .. } if *remaining > 0 && input.is_empty() => {
                    return Ok(None);
                }
                State::Data { .. } => {
                    if let Some(event) = self.data(input)? {
                        return Ok(Some(event));
                    }
                }
                State::Control {
                    opcode,
                    len,
                    mask,
                    gathered,
                } => {
                    let (opcode, len) = (*opcode, usize::from(*len));
                    let Some(payload) = take_control(input, len, mask, gathered) else {
                        return Ok(None);
                    };
                    self.state = State::Header(PartialHeader::default());
                    return self.control(opcode, payload).map(Some);
                }
                State::Closed => {
                    *input = &mut [];
                    return Ok(None);
                }
                State::Failed(error) => return Err(*error),
            }
        }
    }

    fn begin_frame(&mut self, header: &Header) {
        let Header {
            opcode,
            is_final,
            len,
            mask,
        } = *header;
        let kind = match opcode {
            Opcode::Text => DataKind::Text,
            Opcode::Binary => DataKind::Binary,
            // A continuation without a message is refused with its header.
            Opcode::Continuation => self.message.unwrap_or(DataKind::Binary),
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                // A control frame longer than its limit is refused with its header.
                let len = u8::try_from(len).unwrap_or(u8::MAX);
                self.state = State::Control {
                    opcode,
                    len,
                    mask,
                    gathered: Vec::new(),
                };
                return;
            }
        };
        self.state = State::Data {
            remaining: len,
            mask,
            kind,
            is_final,
        };
    }

    /// The next part of a data frame's payload; nothing if an empty fragment ends with it.
    fn data<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<FrameEvent<'a>>, FrameError> {
        let State::Data {
            remaining,
            mask,
            kind,
            is_final,
        } = &mut self.state
        else {
            return Ok(None);
        };
        let (kind, is_final) = (*kind, *is_final);
        let payload = take(input, usize::try_from(*remaining).unwrap_or(usize::MAX));
        mask.apply(payload);
        *remaining -= payload.len() as u64;
        let is_frame_end = *remaining == 0;
        let is_end = is_frame_end && is_final;
        if is_frame_end {
            self.state = State::Header(PartialHeader::default());
            self.message = (!is_final).then_some(kind);
        }
        if kind == DataKind::Text
            && let Err(valid) = self.check_text(payload, is_end)
        {
            self.state = State::Failed(FrameError::InvalidText);
            let payload = payload.get_mut(..valid).unwrap_or_default();
            if payload.is_empty() {
                return Err(FrameError::InvalidText);
            }
            return Ok(Some(FrameEvent::Data {
                payload,
                kind,
                is_end: false,
            }));
        }
        if payload.is_empty() && !is_end {
            return Ok(None);
        }
        Ok(Some(FrameEvent::Data {
            payload,
            kind,
            is_end,
        }))
    }

    /// Checks more of a text message; `Err` tells how much of it precedes the fault.
    fn check_text(&mut self, payload: &[u8], is_end: bool) -> Result<(), usize> {
        self.text.check(payload)?;
        if is_end && !self.text.is_between_characters() {
            return Err(payload.len());
        }
        Ok(())
    }

    fn control<'a>(
        &mut self,
        opcode: Opcode,
        payload: Cow<'a, [u8]>,
    ) -> Result<FrameEvent<'a>, FrameError> {
        match opcode {
            Opcode::Ping => Ok(FrameEvent::Ping(payload)),
            Opcode::Pong => Ok(FrameEvent::Pong(payload)),
            _ => {
                let (code, reason) = parse_close(payload)?;
                self.state = State::Closed;
                Ok(FrameEvent::Close { code, reason })
            }
        }
    }
}
