//! The time that connections are stamped with.

use tokio::time::Instant;

/// Milliseconds since the node was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeClock {
    epoch: Instant,
}

impl NodeClock {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Instant::now(),
        }
    }

    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
