//! The clock for the timestamps of connections.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// As long as nobody waits.
const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// Returns when this much time is over, however much it is.
pub(crate) fn deadline_after(limit: Duration) -> Instant {
    Instant::now() + limit.min(FOREVER)
}

/// The time since the node was built, in milliseconds.
#[derive(Debug)]
pub(crate) struct NodeClock {
    epoch: Instant,
    /// The value at the last sweep, for frequent readers: asking the system each time would cost
    /// too much.
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

    /// Returns the value at a time that was read before.
    pub(crate) fn at(&self, time: Instant) -> u64 {
        let elapsed = time.saturating_duration_since(self.epoch);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the value at a time of the calendar; the current one if that is past.
    pub(crate) fn at_calendar_time(&self, time: SystemTime) -> u64 {
        #[expect(
            clippy::disallowed_methods,
            reason = "what expires at a time of the calendar is counted on tokio's clock from here on"
        )]
        let left = time.duration_since(SystemTime::now()).unwrap_or_default();
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        self.now().saturating_add(left)
    }

    /// Updates the seconds.
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
