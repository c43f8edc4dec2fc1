//! What carries hub bytes between a client and its session.
//!
//! A transport knows nothing of hubs. It brings the format of its frames and a way in, and attaches a
//! way out to the [`Outbound`]; what of it ends the connection is its own affair. So one that comes in
//! many requests, or comes back after it was lost, is to its session no other than a socket.

mod pipe;
mod read_buffer;
mod served_socket;
mod socket;
mod tcp_watch;
mod web_socket;

use std::task::{Context, Poll};
use std::time::Duration;

use hubwire_core::FrameFormat;
use hubwire_protocol::TransferFormat;
pub(crate) use pipe::PipeReader;
#[cfg(feature = "testing")]
pub(crate) use pipe::{PipeWriter, pipe};
pub(crate) use served_socket::{ServedSocket, Upgrade};
pub(crate) use socket::Socket;
pub(crate) use web_socket::{WEB_SOCKETS, WebSocketReader};

use crate::node::Turn;
use crate::outbound::Outbound;

/// What sessions need to know of a kind of transport; each has one, in a `static`.
#[derive(Debug)]
pub(crate) struct TransportKind {
    pub(crate) name: &'static str,
    pub(crate) frames: FrameFormat,
    /// What it carries to the client.
    pub(crate) transfer_formats: &'static [TransferFormat],
}

/// A transport as its session has it.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) kind: &'static TransportKind,
    pub(crate) input: Input,
    /// How long each step of its closing may take.
    pub(crate) close_timeout: Duration,
}

/// Where a session's bytes come from.
#[derive(Debug)]
pub(crate) enum Input {
    /// Requests write into it, one after another.
    Pipe(PipeReader),
    WebSocket(WebSocketReader),
}

/// How the input of a connection ended, and with it the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputEnd {
    /// As the transport has it, by the client.
    Closed,
    /// By the end or the failure of what carried it.
    Lost,
    /// By bytes that the transport does not allow; the text says what was wrong.
    Violated(String),
}

/// How a client has left while something of it may be unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nobody is there.
    Gone,
    /// It sends nothing more, but may have said a proper goodbye.
    HalfClosed,
}

/// How the connection went, as far as a transport can tell its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The hub's last hook failed.
    Failed,
    Normal,
}

impl Input {
    /// Reads once; hands on hub bytes, and sends what the transport itself has to say to them.
    ///
    /// Where the input ended, nothing more is sent but what the transport has to say to that.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        outbound: &Outbound,
        turn: &mut Turn,
        receive: impl FnMut(&[u8], &mut Turn),
    ) -> Poll<Option<InputEnd>> {
        match self {
            Self::Pipe(reader) => reader.poll_read(cx, outbound, turn, receive),
            Self::WebSocket(reader) => reader.poll_read(cx, outbound, turn, receive),
        }
    }

    /// Ready when the client has left, whatever of its bytes is not read yet; for who does not read now.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        match self {
            Self::Pipe(reader) => reader.poll_gone(cx).map(|()| Left::Gone),
            Self::WebSocket(reader) => reader.poll_left(cx),
        }
    }

    /// Queues the transport's own goodbye, behind all that is queued.
    pub(crate) fn close(&mut self, outbound: &Outbound, closing: Closing) {
        match self {
            Self::Pipe(_) => {}
            Self::WebSocket(reader) => reader.close(outbound, closing),
        }
    }

    /// Whether the client closes its side too before the transport is done.
    pub(crate) fn is_closed_by_both(&self) -> bool {
        matches!(self, Self::WebSocket(_))
    }
}
