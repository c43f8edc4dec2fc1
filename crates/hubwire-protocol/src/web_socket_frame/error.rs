//! Violations of the WebSocket protocol by a peer.

use std::error::Error;
use std::fmt;

/// A violation of the WebSocket protocol, which ends the connection at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameError {
    /// A close frame carries a code that may not be sent.
    CloseCode(u16),
    /// A close frame has one byte of payload, half a code.
    ClosePayload,
    /// The reason in a close frame is not valid UTF-8.
    CloseReason,
    /// A control frame has more than 125 bytes of payload.
    ControlTooLong,
    /// A control frame is fragmented.
    FragmentedControl,
    /// A message begins before the previous fragmented message has ended.
    InterruptedMessage,
    /// A text message is not valid UTF-8.
    InvalidText,
    /// The top bit of a 64-bit length is set.
    LengthOverflow,
    /// A frame is masked but must not be.
    Masked,
    /// A continuation frame without a message to continue.
    OrphanContinuation,
    /// A reserved bit is set, but no extension was negotiated that uses it.
    ReservedBits,
    /// The opcode is reserved.
    ReservedOpcode,
    /// A frame is not masked but must be.
    Unmasked,
}

impl FrameError {
    /// Returns the code with which to close the WebSocket.
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::InvalidText => 1007,
            _ => 1002,
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloseCode(code) => return write!(f, "close code {code} may not be sent"),
            Self::ClosePayload => "close frame with half a code",
            Self::CloseReason => "close reason is not valid UTF-8",
            Self::ControlTooLong => "control frame of more than 125 bytes",
            Self::FragmentedControl => "fragmented control frame",
            Self::InterruptedMessage => "message begins within the fragments of another",
            Self::InvalidText => "text message is not valid UTF-8",
            Self::LengthOverflow => "frame length beyond 63 bits",
            Self::Masked => "masked frame from a server",
            Self::OrphanContinuation => "continuation without a message to continue",
            Self::ReservedBits => "reserved bit set in a frame header",
            Self::ReservedOpcode => "reserved opcode",
            Self::Unmasked => "unmasked frame from a client",
        })
    }
}

impl Error for FrameError {}
