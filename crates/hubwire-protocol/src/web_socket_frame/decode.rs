//! Reading frames: payload is unmasked in place and passed on as it arrives.

use std::borrow::Cow;

use super::control::{parse_close, take, take_control};
use super::header::{Header, PartialHeader};
use super::mask::Mask;
use super::utf8::Utf8Check;
use super::{FrameError, Opcode};

/// Whether received frames must be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// The frames come from a server.
    Forbidden,
    /// The frames come from a client.
    Required,
}

/// The content type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKind {
    /// Any bytes.
    Binary,
    /// UTF-8 text, which the decoder checks.
    Text,
}

/// What the decoder found next.
#[derive(Debug, PartialEq, Eq)]
pub enum FrameEvent<'a> {
    /// A part of a message.
    Data {
        /// The next bytes, unmasked. Where they are split has no meaning, and the last part may be
        /// empty.
        payload: &'a mut [u8],
        /// The content type of the message.
        kind: DataKind,
        /// Whether the message ends here.
        is_end: bool,
    },
    /// A ping; its pong has the same payload.
    Ping(Cow<'a, [u8]>),
    /// A pong.
    Pong(Cow<'a, [u8]>),
    /// The peer's last frame; everything after it is ignored.
    Close {
        /// The close code, if there is one.
        code: Option<u16>,
        /// The close reason; empty if the peer gave none.
        reason: Cow<'a, str>,
    },
}

/// Reads the frames of one side of a WebSocket.
///
/// Nothing is allocated ahead of the bytes, whatever length a frame announces, and a message is
/// never collected. The events do not depend on how the input is split, except for the splitting
/// of payload. Text is checked as it arrives: the bytes before the first invalid byte are passed
/// on, then the decoder fails.
///
/// ```
/// use hubwire::protocol::{DataKind, FrameDecoder, FrameEvent, Masking, Opcode};
///
/// let mut received = Vec::new();
/// hubwire::protocol::write_masked_frame(&mut received, Opcode::Text, true, [1, 2, 3, 4], b"hi");
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
    /// The message that the frames belong to, if its last frame was not final.
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
    /// Creates a decoder for the beginning of a WebSocket's bytes.
    #[must_use]
    pub fn new(masking: Masking) -> Self {
        Self {
            state: State::Header(PartialHeader::default()),
            message: None,
            text: Utf8Check::default(),
            masking,
        }
    }

    /// Takes the next event from the front of `input`; returns `None` once all of it is consumed.
    ///
    /// # Errors
    ///
    /// Returns an error if the peer broke a rule; every later call then fails in the same way.
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
            // A continuation without a message was refused when its header was read.
            Opcode::Continuation => self.message.unwrap_or(DataKind::Binary),
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                // A control frame beyond the limit was refused when its header was read.
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

    /// Returns the next part of a data frame's payload; `None` if an empty fragment ends there.
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

    /// Checks the next part of a text message; `Err` contains the number of bytes before the
    /// fault.
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
