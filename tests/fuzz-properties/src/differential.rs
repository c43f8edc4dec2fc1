//! The same bytes for `FrameDecoder` and for tokio-websockets' server must give the same messages,
//! the same control frames and the same verdict. The README lists the allowed differences.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use hubwire_protocol::{FrameError, Masking};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_websockets::{Error, Limits, Message, ServerBuilder};

use crate::frames::{Kind, decode, split_input};

pub fn check(data: &[u8]) {
    let (cuts, bytes) = split_input(data);
    let sizes = || cuts.iter().map(|&size| usize::from(size));
    let ours = decode(Masking::Required, bytes, sizes());
    let (bytes, tail) = with_minimal_lengths(bytes);
    let theirs = read_theirs(&bytes, sizes());

    assert_eq!(ours.whole, theirs.whole);
    match (ours.fault, theirs.fault) {
        (Some(ours), Some(theirs)) => assert_eq!(name(ours), theirs),
        // We refuse a header at its first invalid byte; tokio-websockets needs more bytes first.
        (Some(_), None) => assert_eq!(tail, Tail::Header),
        // tokio-websockets refuses a close frame with half a code by its length, we by its payload.
        (None, Some(theirs)) => {
            assert_eq!(
                (tail, theirs.as_str()),
                (Tail::HalfCode, "invalid payload length")
            );
        }
        (None, None) => {}
    }
}

/// Where the bytes end, if not at the end of a frame.
#[derive(Debug, PartialEq)]
enum Tail {
    Elsewhere,
    /// Before the payload of a close frame with one byte of payload.
    HalfCode,
    Header,
}

/// Encodes the frames with minimal lengths, which tokio-websockets requires. The last frame's
/// length is reduced to the least that still leaves the frame incomplete, because tokio-websockets
/// allocates the whole frame.
fn with_minimal_lengths(bytes: &[u8]) -> (Vec<u8>, Tail) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, second, len, behind)) = read_header(rest) {
        let held = behind.len().saturating_sub(4) as u64;
        let held = held.min(len);
        let said = if second & 0x7F > 125 {
            len.min(held + 1)
        } else {
            len
        };
        out.push(first);
        write_length(&mut out, said);
        let (frame, behind) = behind.split_at(behind.len().min(4 + held as usize));
        out.extend_from_slice(frame);
        rest = behind;
        if frame.len() < 4 || held < len {
            let is_half_code = first & 0x0F == 8 && len == 1;
            let tail = match frame.len() {
                _ if is_half_code => Tail::HalfCode,
                0..4 => Tail::Header,
                _ => Tail::Elsewhere,
            };
            return (out, tail);
        }
    }
    out.extend_from_slice(rest);
    let tail = if is_cut_header(rest) {
        Tail::Header
    } else {
        Tail::Elsewhere
    };
    (out, tail)
}

/// Returns the first two bytes of a frame, its length and what follows; `None` if the bytes end
/// before, or if both decoders refuse the header.
fn read_header(bytes: &[u8]) -> Option<(u8, u8, u64, &[u8])> {
    let [first, second, behind @ ..] = bytes else {
        return None;
    };
    let is_control = first & 0x08 != 0;
    let (len, behind) = match second & 0x7F {
        126 | 127 if is_control => return None,
        126 => {
            let (len, behind) = behind.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*len)), behind)
        }
        127 => {
            let (len, behind) = behind.split_first_chunk()?;
            (u64::from_be_bytes(*len), behind)
        }
        short => (u64::from(short), behind),
    };
    let is_taken = second & 0x80 != 0 && len <= u64::MAX / 2;
    is_taken.then_some((*first, *second, len, behind))
}

/// Returns whether the bytes end before the mask of the header that they begin with.
fn is_cut_header(bytes: &[u8]) -> bool {
    match bytes {
        [] => false,
        [_] => true,
        [_, length, behind @ ..] => match length & 0x7F {
            126 => behind.len() < 2,
            127 => behind.len() < 8,
            _ => false,
        },
    }
}

fn write_length(out: &mut Vec<u8>, len: u64) {
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ ..=125), _) => out.push(0x80 | short),
        (_, Ok(medium)) => {
            out.push(0x80 | 126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&len.to_be_bytes());
        }
    }
}

struct Theirs {
    whole: Vec<(Kind, Vec<u8>)>,
    fault: Option<String>,
}

fn read_theirs(bytes: &[u8], cuts: impl Iterator<Item = usize>) -> Theirs {
    let limits = Limits::default().max_payload_len(Some(bytes.len() + 125));
    let mut pieces = Vec::new();
    let mut rest = bytes;
    for cut in cuts.chain([usize::MAX]) {
        let (piece, behind) = rest.split_at(cut.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces.reverse();
    let mut stream = ServerBuilder::new().limits(limits).serve(Pieces(pieces));
    let mut context = Context::from_waker(Waker::noop());
    let mut theirs = Theirs {
        whole: Vec::new(),
        fault: None,
    };
    loop {
        match Pin::new(&mut stream).poll_next(&mut context) {
            Poll::Ready(Some(Ok(message))) => {
                let (kind, payload) = (kind(&message), message.into_payload().to_vec());
                // tokio-websockets accepts text that ends within a character if its last frame is empty.
                if kind == Kind::Text && str::from_utf8(&payload).is_err() {
                    let cut_off = str::from_utf8(&payload).map_err(|error| error.error_len());
                    assert_eq!(cut_off, Err(None), "{payload:x?}");
                    theirs.fault = Some("invalid utf-8".to_owned());
                    return theirs;
                }
                theirs.whole.push((kind, payload));
            }
            Poll::Ready(Some(Err(error))) => {
                theirs.fault = Some(match error {
                    Error::Protocol(error) => error.to_string(),
                    Error::PayloadTooLong { .. } => "too long".to_owned(),
                    other => panic!("{other:?}"),
                });
                return theirs;
            }
            Poll::Ready(None) | Poll::Pending => return theirs,
        }
    }
}

fn kind(message: &Message) -> Kind {
    if message.is_text() {
        Kind::Text
    } else if message.is_binary() {
        Kind::Binary
    } else if message.is_close() {
        Kind::Close
    } else if message.is_ping() {
        Kind::Ping
    } else {
        Kind::Pong
    }
}

/// Returns the text that tokio-websockets has for our fault.
const fn name(error: FrameError) -> &'static str {
    match error {
        FrameError::CloseCode(_) => "invalid close code",
        FrameError::ClosePayload | FrameError::ControlTooLong => "invalid payload length",
        FrameError::CloseReason | FrameError::InvalidText => "invalid utf-8",
        FrameError::FragmentedControl => "fragmented control frame",
        FrameError::InterruptedMessage
        | FrameError::OrphanContinuation
        | FrameError::ReservedOpcode => "invalid opcode",
        FrameError::LengthOverflow => "too long",
        FrameError::Masked => "unexpected masked frame",
        FrameError::ReservedBits => "invalid extension",
        FrameError::Unmasked => "unexpected unmasked frame",
        _ => "a fault without a name here",
    }
}

/// A client that sends these pieces, the last one first, and reads everything.
struct Pieces<'p>(Vec<&'p [u8]>);

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(piece) = self.0.pop() else {
            return Poll::Pending;
        };
        let (piece, rest) = piece.split_at(piece.len().min(buffer.remaining()));
        buffer.put_slice(piece);
        if !rest.is_empty() {
            self.0.push(rest);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
