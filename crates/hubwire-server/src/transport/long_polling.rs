//! Long polling: hub messages one after another in the body of a response.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use hubwire_core::FrameFormat;
use hubwire_protocol::{TransferFormat, Transport};
use hyper::body::{Frame, SizeHint};

use super::{PULL_SIZE, SocketHandle, TransportKind};
use crate::outbound::Puller;

/// Hub messages have no frames of their own.
pub(crate) static LONG_POLLING: TransportKind = TransportKind {
    transport: Transport::LongPolling,
    frames: FrameFormat::new("poll responses", |_, message, output| {
        output.extend_from_slice(message);
    }),
    transfer_formats: &[TransferFormat::Text, TransferFormat::Binary],
};

/// The body of a response to a poll: what was queued at its beginning.
///
/// It stays the way out of its connection until the socket has sent it, or at least until the HTTP
/// library has taken it: in that time, the client is not absent.
#[derive(Debug)]
pub(crate) struct PollBody {
    left: usize,
    /// `None` once nothing is left.
    puller: Option<Puller>,
    socket: Option<SocketHandle>,
}

impl PollBody {
    /// Creates a body of `left` bytes, which the puller has claimed.
    pub(crate) fn new(left: usize, puller: Puller, socket: Option<SocketHandle>) -> Self {
        Self {
            left,
            puller: Some(puller),
            socket,
        }
    }

    fn finish(&mut self) {
        if let (Some(puller), Some(socket)) = (self.puller.take(), &self.socket) {
            puller.leave_to_socket();
            socket.finish(puller);
        }
    }
}

impl HttpBody for PollBody {
    type Data = Bytes;
    type Error = Infallible;

    /// Ends early if the rest is gone, or belongs to another poll; the HTTP library then ends the
    /// HTTP connection.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let limit = self.left.min(PULL_SIZE);
        let Some(puller) = &mut self.puller else {
            return Poll::Ready(None);
        };
        let Some(piece) = ready!(puller.poll_pull(cx, limit)) else {
            return Poll::Ready(None);
        };
        self.left -= piece.len();
        if self.left == 0 {
            self.finish();
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}
