//! Hub bytes in WebSocket frames: the framing of messages, and the content of a client's frames.

use std::task::{Context, Poll, ready};

use hubwire_core::FrameFormat;
use hubwire_protocol::{
    DataKind, FrameDecoder, FrameEvent, Masking, Opcode, TransferFormat, Transport, close_frame,
    write_frame,
};

use super::read_buffer::ReadBuffer;
use super::socket::SocketReader;
use super::{Closing, InputEnd, Left, Piece, TransportKind};
use crate::node::Turn;
use crate::outbound::Outbound;

/// Each hub message is one WebSocket message, because some clients refuse messages of over 32 KiB.
pub(crate) static WEB_SOCKETS: TransportKind = TransportKind {
    transport: Transport::WebSockets,
    frames: FrameFormat::new("WebSocket messages", frame),
    transfer_formats: &[TransferFormat::Text, TransferFormat::Binary],
};

fn frame(transfer_format: TransferFormat, message: &[u8], output: &mut Vec<u8>) {
    let opcode = match transfer_format {
        TransferFormat::Binary => Opcode::Binary,
        TransferFormat::Text => Opcode::Text,
    };
    write_frame(output, opcode, message);
}

/// The receiving half of a WebSocket.
#[derive(Debug)]
pub(crate) struct WebSocketReader {
    socket: SocketReader,
    frames: FrameDecoder,
    /// A WebSocket is closed only once: a second Close frame would violate the protocol.
    is_closed: bool,
}

impl WebSocketReader {
    pub(crate) fn new(socket: SocketReader) -> Self {
        Self {
            socket,
            frames: FrameDecoder::new(Masking::Required),
            is_closed: false,
        }
    }

    /// Reads once; passes on the content of frames, and answers pings and Close.
    ///
    /// Frames after the end of the turn are left to the next read.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        outbound: &Outbound,
        turn: &mut Turn,
        mut receive: impl FnMut(Piece<'_>, &mut Turn),
    ) -> Poll<Option<InputEnd>> {
        let mut buffer = ReadBuffer::take();
        let buffer = buffer.bytes();
        let Ok(count @ 1..) = ready!(self.socket.poll_read(cx, buffer)) else {
            return Poll::Ready(Some(InputEnd::Lost));
        };
        let mut input = buffer.get_mut(..count).unwrap_or_default();
        loop {
            if turn.is_over() && !input.is_empty() {
                self.socket.put_back(input);
                return Poll::Ready(None);
            }
            turn.took_frame();
            match self.frames.next(&mut input) {
                Ok(None) => return Poll::Ready(None),
                Ok(Some(FrameEvent::Data {
                    payload,
                    kind,
                    is_end,
                })) => {
                    turn.took_bytes(payload.len());
                    let format = match kind {
                        DataKind::Binary => TransferFormat::Binary,
                        DataKind::Text => TransferFormat::Text,
                    };
                    let bytes = &*payload;
                    receive(
                        Piece {
                            bytes,
                            format,
                            is_end,
                        },
                        turn,
                    );
                }
                Ok(Some(FrameEvent::Ping(payload))) => outbound.push_control(&pong(&payload)),
                Ok(Some(FrameEvent::Pong(_))) => {}
                Ok(Some(FrameEvent::Close { .. })) => {
                    // Regardless of the client's close code.
                    self.close_with(outbound, 1000);
                    return Poll::Ready(Some(InputEnd::Closed));
                }
                Err(error) => {
                    self.close_with(outbound, error.close_code());
                    return Poll::Ready(Some(InputEnd::Violated(error.to_string())));
                }
            }
        }
    }

    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        self.socket.poll_left(cx)
    }

    pub(super) fn close(&mut self, outbound: &Outbound, closing: Closing) {
        self.close_with(
            outbound,
            match closing {
                Closing::Failed => 1011,
                Closing::Normal => 1000,
            },
        );
    }

    fn close_with(&mut self, outbound: &Outbound, code: u16) {
        outbound.finish();
        if !self.is_closed {
            self.is_closed = true;
            outbound.push_last_control(&close_frame(code, ""));
        }
    }
}

fn pong(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_frame(&mut frame, Opcode::Pong, payload);
    frame
}
