//! How much may wait for a client, and for how long.

use std::time::Duration;

/// How much may wait for a client, and for how long; shared by the connections of an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// From how many bytes on those wait who can.
    pub(crate) bytes: usize,
    /// How much may wait before the client is let go, each entry counted with [`ENTRY_COST`](super::ENTRY_COST) more.
    pub(crate) maximum: usize,
    /// How long a send to one client waits for room.
    pub(crate) send_timeout: Duration,
    pub(crate) progress: Progress,
}

/// How much a client has to take within a time, while more waits for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) bytes: usize,
    pub(crate) timeout: Duration,
}
