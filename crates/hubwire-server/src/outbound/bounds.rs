//! How much may wait for a client, and for how long.

use std::sync::Arc;
use std::time::Duration;

use super::OutboundMemory;
use crate::node::DeadPeerTimeouts;

/// How much may wait for a client, and for how long; shared by the connections of an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// From how many bytes on those wait who can.
    pub(crate) bytes: usize,
    /// How much may wait before the client is let go, each entry counted with [`ENTRY_COST`](super::ENTRY_COST) more.
    pub(crate) maximum: usize,
    /// Streams wait while this many bytes do, and calls while this many of their own answers do.
    pub(crate) answers: usize,
    /// How many are written before others have their turn.
    pub(crate) turn: usize,
    /// How long a send to one client waits for room.
    pub(crate) send_timeout: Duration,
    pub(crate) progress: Progress,
    /// When a TCP peer is given up whose system is not heard of.
    pub(crate) dead_peers: Option<DeadPeerTimeouts>,
    /// What all queues of the node hold together.
    pub(crate) memory: Arc<OutboundMemory>,
}

/// How much a client has to take within a time, while more waits for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) bytes: usize,
    pub(crate) timeout: Duration,
}
