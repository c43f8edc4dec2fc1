//! Server-Sent Events: the framing of hub messages as events, and the body that pulls them.

use std::convert::Infallible;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use hubwire_core::FrameFormat;
use hubwire_protocol::{TransferFormat, Transport};
use hyper::body::Frame;

use super::{PULL_SIZE, TransportKind};
use crate::outbound::Puller;

/// Each hub message is one event.
pub(crate) static SERVER_SENT_EVENTS: TransportKind = TransportKind {
    transport: Transport::ServerSentEvents,
    frames: FrameFormat::new("events", |_, message, output| write_event(message, output)),
    transfer_formats: &[TransferFormat::Text],
};

/// A comment, which lets browsers know that the stream is open.
const OPENING: Bytes = Bytes::from_static(b":\r\n");

/// Appends an event without a name; the receiver joins its lines with a line feed.
fn write_event(message: &[u8], output: &mut Vec<u8>) {
    if !message.is_empty() {
        let mut lines = message.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            // Only a line that ends with LF may end with CR LF.
            let line = match line {
                [line @ .., b'\r'] if lines.peek().is_some() && !line.is_empty() => line,
                line => line,
            };
            output.extend_from_slice(b"data: ");
            output.extend_from_slice(line);
            output.extend_from_slice(b"\r\n");
        }
    }
    output.extend_from_slice(b"\r\n");
}

/// The body of an event stream, which pulls what is queued whenever the HTTP library asks for more.
#[derive(Debug)]
pub(crate) struct EventStream<E> {
    is_new: bool,
    // Dropped in this order: the queue has no way out any more when the end is noticed.
    puller: Puller,
    _end: E,
}

impl<E> EventStream<E> {
    /// Creates a body that ends with the queue; `end` is dropped with it.
    pub(crate) fn new(puller: Puller, end: E) -> Self {
        Self {
            is_new: true,
            puller,
            _end: end,
        }
    }
}

impl<E: Unpin> HttpBody for EventStream<E> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if mem::take(&mut self.is_new) {
            return Poll::Ready(Some(Ok(Frame::data(OPENING))));
        }
        let pulled = ready!(self.puller.poll_pull(cx, PULL_SIZE));
        Poll::Ready(pulled.map(|events| Ok(Frame::data(events))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_framed_as_aspnet_core_does() {
        for (message, event) in [
            ("", "\r\n"),
            ("{}\u{1e}", "data: {}\u{1e}\r\n\r\n"),
            ("a\nb", "data: a\r\ndata: b\r\n\r\n"),
            ("a\r\nb\r\n", "data: a\r\ndata: b\r\ndata: \r\n\r\n"),
            ("\n", "data: \r\ndata: \r\n\r\n"),
            ("\r\nb", "data: \r\r\ndata: b\r\n\r\n"),
            ("a\rb", "data: a\rb\r\n\r\n"),
            ("a\r", "data: a\r\r\n\r\n"),
        ] {
            let mut output = Vec::new();
            write_event(message.as_bytes(), &mut output);
            assert_eq!(String::from_utf8(output).unwrap(), event, "{message:?}");
        }
    }
}
