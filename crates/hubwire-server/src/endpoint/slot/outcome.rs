//! What became of a request's use of a slot.

use std::sync::Arc;

use crate::connection::Connection;
use crate::transport::{Inlet, PipeReader};

/// Whether a transport may use a token.
#[derive(Debug)]
pub(crate) enum Attach {
    /// From now on, a WebSocket uses it.
    WebSocket,
    /// From now on, a transport uses it whose client posts what is read here.
    Posting(PipeReader),
    /// The same transport already uses it; there is no connection yet while it is being opened.
    Busy(Option<Arc<Connection>>),
    /// Another transport uses it.
    OtherTransport,
    /// The client polls, and its connection has ended.
    Ended,
    /// The token is no longer known.
    Unknown,
    /// The connection, or what was posted to it, is another user's.
    OtherUser,
}

/// What receives a POST.
#[derive(Debug)]
pub(crate) enum Receiver {
    Inlet(Arc<Inlet>),
    WebSocket,
    /// Nothing any more.
    Nobody,
    /// The connection, or what was posted to it, is another user's.
    OtherUser,
}

/// What a DELETE did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Termination {
    Begun,
    /// Only clients that poll leave by DELETE.
    NotPolling,
    /// The client has already left, or the connection has ended.
    Unknown,
    /// The connection is another user's.
    OtherUser,
}

/// What is kept of a connection that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The slot of a client that polls, until a poll has told the client.
    ForTheLastPoll,
    Nothing,
}

/// Whether the client of a connection that has ended is still to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Completely,
    Untold,
}
