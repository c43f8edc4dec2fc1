//! Transports, which carry hub bytes between a client and its session.
//!
//! A transport knows nothing of hubs. It has a frame format and an input, and attaches a way out
//! to the [`Outbound`]; it decides itself what ends the connection. A transport that consists of
//! many requests, or that returns after it was lost, therefore looks the same to its session as a
//! socket.

mod dead_peers;
mod event_stream;
mod inlet;
mod long_polling;
mod multiplexed_socket;
mod peer_look;
mod pipe;
mod read_buffer;
mod request_in_chunks;
mod served_socket;
mod socket;
mod socket_handle;
mod stream_peer;
mod tcp_look;
mod tcp_watch;
mod unsent;
mod upgraded_stream;
mod web_socket;

use std::task::{Context, Poll};
use std::time::Duration;

pub(crate) use dead_peers::probe_peer;
pub(crate) use event_stream::{EventStream, SERVER_SENT_EVENTS};
use hubwire_core::FrameFormat;
use hubwire_protocol::{TransferFormat, Transport as TransportName};
pub(crate) use inlet::{Inlet, InletOwner, NotWritten, inlet};
pub(crate) use long_polling::{LONG_POLLING, PollBody};
pub(crate) use multiplexed_socket::{MultiplexedSocket, SocketActivity};
pub(crate) use pipe::PipeReader;
#[cfg(feature = "testing")]
pub(crate) use pipe::{PipeWriter, pipe};
pub(crate) use request_in_chunks::AfterResponse;
pub(crate) use served_socket::ServedSocket;
pub(crate) use socket::Socket;
pub(crate) use socket_handle::{SocketHandle, Upgrade};
pub(crate) use unsent::{limit_unsent, unlimit_unsent};
pub(crate) use upgraded_stream::UpgradedStream;
pub(crate) use web_socket::{WEB_SOCKETS, WebSocketReader};

use crate::node::{Turn, transport_tag};
use crate::outbound::Outbound;

/// How many bytes the HTTP library gets at once. It takes more only when it has room, so the rest
/// stays queued, and counts there, until the client has read almost as far.
const PULL_SIZE: usize = 16 * 1024;

/// The properties of a kind of transport; each kind has one value, in a `static`.
#[derive(Debug)]
pub(crate) struct TransportKind {
    /// Its name on the wire.
    pub(crate) transport: TransportName,
    pub(crate) frames: FrameFormat,
    /// What it can carry to the client.
    pub(crate) transfer_formats: &'static [TransferFormat],
}

impl TransportKind {
    /// Returns its name in metrics and spans, as in ASP.NET Core's tag `signalr.transport`.
    pub(crate) fn tag(&self) -> &'static str {
        transport_tag(self.transport)
    }
}

/// The transport of a session.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) kind: &'static TransportKind,
    pub(crate) input: Input,
    /// How long each step of closing may take.
    pub(crate) close_timeout: Duration,
}

/// The source of a session's bytes.
#[derive(Debug)]
pub(crate) enum Input {
    /// Requests write into it, one after another.
    Pipe(PipeReader),
    WebSocket(WebSocketReader),
}

/// Some of the bytes that a client has sent, as they arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) bytes: &'a [u8],
    /// As the transport says, which hubs do not ask.
    pub(crate) format: TransferFormat,
    /// Whether a message of the transport ends here.
    pub(crate) is_end: bool,
}

/// How the input of a connection ended; this also ends the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputEnd {
    /// By the client, as the transport defines it.
    Closed,
    /// By the end or the failure of the underlying stream.
    Lost,
    /// By bytes that the transport does not allow; the text says what is wrong.
    Violated(String),
}

/// How a client has left, while some of its bytes may be unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// The client is gone.
    Gone,
    /// It sends nothing more, but may have closed properly.
    HalfClosed,
}

/// The outcome of the connection, as far as a transport can tell its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The hub's last hook failed.
    Failed,
    Normal,
}

impl Input {
    /// Reads once; passes on hub bytes, and queues the transport's own answers to them.
    ///
    /// Once the input has ended, nothing more is sent except the transport's own answer to that.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        outbound: &Outbound,
        turn: &mut Turn,
        receive: impl FnMut(Piece<'_>, &mut Turn),
    ) -> Poll<Option<InputEnd>> {
        match self {
            Self::Pipe(reader) => reader.poll_read(cx, outbound, turn, receive),
            Self::WebSocket(reader) => reader.poll_read(cx, outbound, turn, receive),
        }
    }

    /// Returns `Ready` once the client has left, even if some of its bytes are unread; for use
    /// while input is not read.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        match self {
            Self::Pipe(reader) => reader.poll_gone(cx).map(|()| Left::Gone),
            Self::WebSocket(reader) => reader.poll_left(cx),
        }
    }

    /// Queues the transport's own closing frame, after everything else.
    pub(crate) fn close(&mut self, outbound: &Outbound, closing: Closing) {
        match self {
            Self::Pipe(_) => {}
            Self::WebSocket(reader) => reader.close(outbound, closing),
        }
    }

    /// Returns whether the client must also close its side before the transport is done.
    pub(crate) fn is_closed_by_both(&self) -> bool {
        matches!(self, Self::WebSocket(_))
    }
}
