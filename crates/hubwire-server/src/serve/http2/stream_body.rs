//! The body of a response in HTTP/2: in pieces, each noted when it is offered to the client.

use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::stream::Stream;

/// The maximum size of a piece, in bytes: the library keeps each whole, whatever the client takes.
const PIECE_SIZE: usize = 16 * 1024;

pub(super) struct StreamBody {
    body: Body,
    /// The rest of what the body gave.
    rest: Bytes,
    /// How many bytes are missing, if the response says its length.
    missing: Option<u64>,
    stream: Stream,
}

impl StreamBody {
    pub(super) fn new(body: Body, stream: Stream) -> Self {
        Self {
            missing: body.size_hint().exact(),
            body,
            rest: Bytes::new(),
            stream,
        }
    }
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = axum::Error;

    /// Fails if the body ends before its length: the library would end the stream as if the
    /// response were whole, and now resets it.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // The library asks only once the client has room for what it was given before.
        self.stream.took();
        if self.rest.is_empty() {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None if self.missing.is_some_and(|missing| missing > 0) => {
                    let early = axum::Error::new(std::io::Error::from(ErrorKind::UnexpectedEof));
                    return Poll::Ready(Some(Err(early)));
                }
                None => return Poll::Ready(None),
            }
        }
        let size = self.rest.len().min(PIECE_SIZE);
        let piece = self.rest.split_to(size);
        self.missing = self.missing.map(|it| it.saturating_sub(size as u64));
        self.stream.offered();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let of_body = self.body.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(of_body.lower().saturating_add(rest));
        hint
    }
}
