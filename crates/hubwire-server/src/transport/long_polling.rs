//! Long polling: hub messages one after another in the body of a response.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use axum::body::{Bytes, HttpBody};
use hubwire_core::FrameFormat;
use hubwire_protocol::{TransferFormat, Transport};
use hyper::body::{Frame, SizeHint};

use super::TransportKind;
use crate::outbound::Puller;

/// Hub messages have no frames of their own.
pub(crate) static LONG_POLLING: TransportKind = TransportKind {
    transport: Transport::LongPolling,
    frames: FrameFormat::new("poll responses", |_, message, output| {
        output.extend_from_slice(message);
    }),
    transfer_formats: &[TransferFormat::Text, TransferFormat::Binary],
};

/// How many bytes the HTTP library gets at once. It takes more only when it has room, so a body
/// lasts about as long as its client reads.
const PIECE_SIZE: usize = 16 * 1024;

/// The body of a response to a poll.
///
/// It stays the way out of its connection until the HTTP library has taken it: in that time, the
/// client is not absent.
#[derive(Debug)]
pub(crate) struct PollBody {
    piece: Bytes,
    parts: vec::IntoIter<Bytes>,
    left: usize,
    _puller: Puller,
}

impl PollBody {
    pub(crate) fn new(parts: Vec<Bytes>, puller: Puller) -> Self {
        Self {
            left: parts.iter().map(Bytes::len).sum(),
            piece: Bytes::new(),
            parts: parts.into_iter(),
            _puller: puller,
        }
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        while self.piece.is_empty() {
            self.piece = self.parts.next()?;
        }
        let piece = self.piece.split_to(PIECE_SIZE.min(self.piece.len()));
        self.left -= piece.len();
        Some(piece)
    }
}

impl HttpBody for PollBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next_piece().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}
