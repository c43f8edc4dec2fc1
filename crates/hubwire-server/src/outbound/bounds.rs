//! Limits on how much may wait for a client, and for how long.

use std::sync::Arc;
use std::time::Duration;

use super::OutboundMemory;
use crate::node::DeadPeerTimeouts;

/// How much may wait for a client, and for how long; shared by the connections of an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// The number of queued bytes from which senders that can wait do so.
    pub(crate) bytes: usize,
    /// The number of bytes that may be queued before the client is disconnected; each entry counts
    /// [`ENTRY_COST`](super::ENTRY_COST) more.
    pub(crate) maximum: usize,
    /// Streams wait while this many bytes are queued, and calls while this many bytes of their own
    /// answers are queued.
    pub(crate) answers: usize,
    /// How many bytes are written before others get their turn.
    pub(crate) turn: usize,
    /// How long a send to one client waits for space.
    pub(crate) send_timeout: Duration,
    pub(crate) progress: Progress,
    /// When a TCP peer with a silent system is given up.
    pub(crate) dead_peers: Option<DeadPeerTimeouts>,
    /// How long a client that polls may be absent between two polls.
    pub(crate) absence: Duration,
    /// What all queues of the node hold together.
    pub(crate) memory: Arc<OutboundMemory>,
}

/// How much a client has to accept within a time while more is queued for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) bytes: usize,
    pub(crate) timeout: Duration,
}
