//! The time that connections are stamped with.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::Instant;

/// Milliseconds since the node was built.
#[derive(Debug)]
pub(crate) struct NodeClock {
    epoch: Instant,
    /// What the sweep saw last, for whoever looks too often to ask the system.
    seconds: AtomicU32,
}

impl NodeClock {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            seconds: AtomicU32::new(0),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Moves the seconds on.
    pub(crate) fn tick(&self) {
        let seconds = u32::try_from(self.epoch.elapsed().as_secs()).unwrap_or(u32::MAX);
        self.seconds.store(seconds, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn tick_to(&self, seconds: u32) {
        self.seconds.store(seconds, Ordering::Relaxed);
    }

    pub(crate) fn seconds(&self) -> u32 {
        self.seconds.load(Ordering::Relaxed)
    }
}
