//! The server's WebSocket framer (RFC 6455): it only reads frames from buffers and writes them to
//! buffers.

mod control;
mod decode;
mod encode;
mod error;
mod header;
mod mask;
mod utf8;

pub use decode::{DataKind, FrameDecoder, FrameEvent, Masking};
pub use encode::{FrameHeader, close_frame, encode_header, write_frame, write_masked_frame};
pub use error::FrameError;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// A further part of a message.
    Continuation,
    /// A text message, or its first part.
    Text,
    /// A binary message, or its first part.
    Binary,
    /// The last frame that a side sends.
    Close,
    /// A check that the peer is alive.
    Ping,
    /// The answer to a ping, or an unsolicited sign of life.
    Pong,
}

impl Opcode {
    /// Returns the number of the opcode, from RFC 6455 section 11.8.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The first bit of a frame: this is the last frame of its message.
const FIN: u8 = 0x80;
/// The bit before the length: the frame has a mask.
const MASKED: u8 = 0x80;
/// The longest payload of a control frame, in bytes.
const CONTROL_LIMIT: usize = 125;

#[cfg(test)]
mod tests;
