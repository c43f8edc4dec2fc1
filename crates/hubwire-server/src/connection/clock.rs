//! The time at which a connection was last heard from, in milliseconds since the node's start.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Timestamps that the session writes and the sweep compares, in place of timers for each
/// connection.
#[derive(Debug)]
pub(crate) struct ConnectionClock {
    received: AtomicU64,
    pinged: AtomicU64,
    /// Set by the client's first ping: a client that never pings never times out.
    armed: AtomicBool,
    /// Set while the session itself waits and therefore cannot hear the client.
    stopped: AtomicBool,
}

impl ConnectionClock {
    pub(crate) fn new(now: u64) -> Self {
        Self {
            received: AtomicU64::new(now),
            pinged: AtomicU64::new(now),
            armed: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        }
    }

    pub(crate) fn received(&self, now: u64) {
        self.received.store(now, Ordering::Relaxed);
    }

    pub(crate) fn arm(&self) {
        self.armed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Restarts the client's timeout, because the client could not be heard until now.
    pub(crate) fn resume(&self, now: u64) {
        self.received(now);
        self.stopped.store(false, Ordering::Relaxed);
    }

    pub(crate) fn timed_out(&self, now: u64, limit: Duration) -> bool {
        let running = self.armed.load(Ordering::Relaxed) && !self.stopped.load(Ordering::Relaxed);
        running && silent_for(now, &self.received) >= limit
    }

    /// Returns whether a ping is due. If so, the next one is due an interval later, regardless of
    /// what else is sent.
    pub(crate) fn ping_due(&self, now: u64, interval: Duration) -> bool {
        let due = silent_for(now, &self.pinged) >= interval;
        if due {
            self.pinged.store(now, Ordering::Relaxed);
        }
        due
    }
}

fn silent_for(now: u64, since: &AtomicU64) -> Duration {
    Duration::from_millis(now.saturating_sub(since.load(Ordering::Relaxed)))
}
