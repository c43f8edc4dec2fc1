//! Says that a limit was hit, now and then: who hits it often would otherwise fill the log.

use std::sync::atomic::{AtomicU64, Ordering};

/// Milliseconds between two lines about one limit.
const INTERVAL: u64 = 10_000;

/// The limits of a server that peers can hit.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) cancelled_streams: Limit,
    pub(crate) groups: Limit,
    pub(crate) negotiated: Limit,
    pub(crate) orphaned_calls: Limit,
    pub(crate) outbound: Limit,
}

impl Limits {
    /// Says how often limits were hit since that was last said.
    pub(crate) fn say_the_rest(&self, now: u64) {
        let limits = [
            ("time of cancelled streams", &self.cancelled_streams),
            ("groups", &self.groups),
            ("negotiated ids", &self.negotiated),
            ("orphaned calls", &self.orphaned_calls),
            ("outbound bytes", &self.outbound),
        ];
        for (limit, hit) in limits {
            if let Some(hits) = hit.rest(now) {
                tracing::warn!(target: "hubwire::limits", limit, hits, "a limit was hit again");
            }
        }
    }
}

/// How often a limit was hit, and when that was last said.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    hits: AtomicU64,
    said: AtomicU64,
    /// The moment after which it may be said again.
    silent_until: AtomicU64,
}

impl Limit {
    /// Counts a hit; how many there were, if it is time to say so.
    pub(crate) fn hit(&self, now: u64) -> Option<u64> {
        self.hits.fetch_add(1, Ordering::Relaxed);
        self.say(now)
    }

    /// All hits there were, if some are unsaid and it is time to say so.
    fn rest(&self, now: u64) -> Option<u64> {
        let hits = self.hits.load(Ordering::Relaxed);
        (hits > self.said.load(Ordering::Relaxed)).then_some(())?;
        self.say(now)
    }

    fn say(&self, now: u64) -> Option<u64> {
        let until = self.silent_until.load(Ordering::Relaxed);
        let next = now + INTERVAL;
        let mine = now >= until
            && self
                .silent_until
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        mine.then(|| {
            let hits = self.hits.load(Ordering::Relaxed);
            self.said.store(hits, Ordering::Relaxed);
            hits
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[test]
    fn a_limit_is_spoken_of_once_in_ten_seconds() {
        let limit = Limit::default();
        assert_eq!(limit.hit(5), Some(1));
        assert_eq!(limit.hit(6), None);
        assert_eq!(limit.hit(10_004), None);
        assert_eq!(limit.hit(10_005), Some(4));
        assert_eq!(limit.hit(10_006), None);
    }

    #[test]
    fn what_was_not_said_is_said_later_and_only_once() {
        let limit = Limit::default();
        assert_eq!(limit.rest(0), None);
        assert_eq!(limit.hit(5), Some(1));
        assert_eq!(limit.rest(20_000), None);
        assert_eq!(limit.hit(20_000), Some(2));
        assert_eq!(limit.hit(20_001), None);
        assert_eq!(limit.rest(29_999), None);
        assert_eq!(limit.rest(30_000), Some(3));
        assert_eq!(limit.rest(60_000), None);
    }
}
