//! Says that a limit was hit, now and then: who hits it often would otherwise fill the log.

use std::sync::atomic::{AtomicU64, Ordering};

/// Milliseconds between two lines about one limit.
const INTERVAL: u64 = 10_000;

/// The limits of a server that peers can hit.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) groups: Limit,
    pub(crate) negotiated: Limit,
    pub(crate) outbound: Limit,
}

/// How often a limit was hit, and when that was last said.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    hits: AtomicU64,
    /// The moment after which it may be said again.
    silent_until: AtomicU64,
}

impl Limit {
    /// Counts a hit; how many there were, if it is time to say so.
    pub(crate) fn hit(&self, now: u64) -> Option<u64> {
        let hits = self.hits.fetch_add(1, Ordering::Relaxed) + 1;
        let until = self.silent_until.load(Ordering::Relaxed);
        let next = now + INTERVAL;
        let mine = now >= until
            && self
                .silent_until
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        mine.then_some(hits)
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
}
