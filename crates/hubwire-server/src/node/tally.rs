//! Counting of events that may be too frequent to be logged one by one.

use std::sync::atomic::{AtomicU64, Ordering};

/// The minimum time between two log lines about the same event, in milliseconds.
pub(super) const INTERVAL: u64 = 10_000;

/// The number of occurrences of an event, and when it was last reported.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Milliseconds between two lines.
    interval: u64,
    count: AtomicU64,
    said: AtomicU64,
    /// The time from which it may be reported again.
    silent_until: AtomicU64,
}

impl Default for Tally {
    fn default() -> Self {
        Self::every(INTERVAL)
    }
}

impl Tally {
    /// Creates a tally that is reported at most once in this many milliseconds.
    pub(crate) const fn every(interval: u64) -> Self {
        Self {
            interval,
            count: AtomicU64::new(0),
            said: AtomicU64::new(0),
            silent_until: AtomicU64::new(0),
        }
    }

    /// Counts an occurrence without reporting it.
    pub(crate) fn count(&self) {
        self.count_many(1);
    }

    /// Counts occurrences without reporting them.
    pub(crate) fn count_many(&self, occurrences: u64) {
        self.count.fetch_add(occurrences, Ordering::Relaxed);
    }

    /// Counts an occurrence; returns the total if it is time to report it.
    pub(crate) fn happened(&self, now: u64) -> Option<u64> {
        self.count();
        self.say(now)
    }

    /// Returns the total if there are unreported occurrences and it is time to report them.
    pub(crate) fn rest(&self, now: u64) -> Option<u64> {
        self.rest_if(now, || true)
    }

    /// Does the same as [`Tally::rest`], but asks `may_say` first if there is something to report.
    pub(super) fn rest_if(&self, now: u64, may_say: impl FnOnce() -> bool) -> Option<u64> {
        let count = self.count.load(Ordering::Relaxed);
        (count > self.said.load(Ordering::Relaxed)).then_some(())?;
        self.say_if(now, may_say)
    }

    /// Returns the total that was last reported.
    pub(crate) fn said(&self) -> u64 {
        self.said.load(Ordering::Relaxed)
    }

    /// Returns the total if it is time to report it.
    pub(crate) fn say(&self, now: u64) -> Option<u64> {
        self.say_if(now, || true)
    }

    /// Returns the total if it is time to report it; asks `may_say` only then.
    pub(super) fn say_if(&self, now: u64, may_say: impl FnOnce() -> bool) -> Option<u64> {
        let until = self.silent_until.load(Ordering::Relaxed);
        let next = now + self.interval;
        let mine = now >= until
            && may_say()
            && self
                .silent_until
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        mine.then(|| {
            let count = self.count.load(Ordering::Relaxed);
            self.said.store(count, Ordering::Relaxed);
            count
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn it_is_said_once_in_ten_seconds() {
        let tally = Tally::default();
        assert_eq!(tally.happened(5), Some(1));
        assert_eq!(tally.happened(6), None);
        assert_eq!(tally.happened(10_004), None);
        assert_eq!(tally.happened(10_005), Some(4));
        assert_eq!(tally.happened(10_006), None);
    }

    #[test]
    fn what_was_not_said_is_said_later_and_only_once() {
        let tally = Tally::default();
        assert_eq!(tally.rest(0), None);
        assert_eq!(tally.happened(5), Some(1));
        assert_eq!(tally.rest(20_000), None);
        assert_eq!(tally.happened(20_000), Some(2));
        assert_eq!(tally.happened(20_001), None);
        assert_eq!(tally.rest(29_999), None);
        assert_eq!(tally.rest(30_000), Some(3));
        assert_eq!(tally.rest(60_000), None);
    }
}
