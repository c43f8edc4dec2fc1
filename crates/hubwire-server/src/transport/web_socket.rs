//! Reads hub bytes out of WebSocket frames.

use std::task::{Context, Poll, ready};

use hubwire_protocol::{FrameDecoder, FrameError, FrameEvent, Masking};

use super::SocketReader;
use crate::connection::{OutboundQueue, ReadBuffer};

/// The receiving half of a WebSocket.
#[derive(Debug)]
pub(crate) struct WebSocketReader {
    socket: SocketReader,
    frames: FrameDecoder,
}

/// How a client's input ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputEnd {
    /// By a Close frame, which deserves an answer.
    Closed,
    /// By the end or the failure of the socket.
    Lost,
    /// By bytes that are no WebSocket frames.
    Violated(FrameError),
}

impl WebSocketReader {
    pub(crate) fn new(socket: SocketReader) -> Self {
        Self {
            socket,
            frames: FrameDecoder::new(Masking::Required),
        }
    }

    /// Reads once; hands on what the frames carry and answers pings.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        outbound: &OutboundQueue,
        mut receive: impl FnMut(&[u8]),
    ) -> Poll<Option<InputEnd>> {
        let mut buffer = ReadBuffer::take();
        let buffer = buffer.bytes();
        let Ok(count @ 1..) = ready!(self.socket.poll_read(cx, buffer)) else {
            return Poll::Ready(Some(InputEnd::Lost));
        };
        let mut input = &mut buffer[..count];
        loop {
            match self.frames.next(&mut input) {
                Ok(None) => return Poll::Ready(None),
                Ok(Some(FrameEvent::Data { payload, .. })) => receive(payload),
                Ok(Some(FrameEvent::Ping(payload))) => outbound.pong(&payload),
                Ok(Some(FrameEvent::Pong(_))) => {}
                Ok(Some(FrameEvent::Close { .. })) => return Poll::Ready(Some(InputEnd::Closed)),
                Err(error) => return Poll::Ready(Some(InputEnd::Violated(error))),
            }
        }
    }
}
