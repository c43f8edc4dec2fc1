//! Counts how often limits are hit, and says so now and then: who hits one often would otherwise fill the log.

use std::sync::atomic::{AtomicU64, Ordering};

/// Milliseconds between two lines about one limit.
const INTERVAL: u64 = 10_000;

/// What counts every hit, with the limit's name in `limit`.
const METRIC: &str = "hubwire.limit.hits";

/// The limits of a server that peers can hit, each named as the option that sets it.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) answers: Limit,
    pub(crate) cancelled_streams: Limit,
    pub(crate) groups: Limit,
    pub(crate) kept_request: Limit,
    pub(crate) negotiated: Limit,
    pub(crate) orphaned_calls: Limit,
    pub(crate) outbound: Limit,
    pub(crate) outbound_maximum: Limit,
    pub(crate) outbound_memory: Limit,
    pub(crate) progress: Limit,
    pub(crate) send_timeout: Limit,
    pub(crate) unflushed: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answers: Limit::that_delays("answer_buffer_size"),
            cancelled_streams: Limit::that_refuses("cancelled_stream_timeout"),
            groups: Limit::that_refuses("maximum_groups_per_connection"),
            kept_request: Limit::that_refuses("maximum_kept_request_size"),
            negotiated: Limit::that_refuses("negotiated_ids"),
            orphaned_calls: Limit::that_refuses("maximum_orphaned_calls"),
            outbound: Limit::that_delays("outbound_buffer_size"),
            outbound_maximum: Limit::that_refuses("maximum_outbound_buffer_size"),
            outbound_memory: Limit::that_refuses("maximum_outbound_memory"),
            progress: Limit::that_refuses("transport_progress_timeout"),
            send_timeout: Limit::that_delays("transport_send_timeout"),
            unflushed: Limit::that_delays("unflushed_size"),
        }
    }
}

impl Limits {
    /// Says how often limits were hit since that was last said.
    pub(crate) fn say_the_rest(&self, now: u64) {
        for limit in [
            &self.answers,
            &self.cancelled_streams,
            &self.groups,
            &self.kept_request,
            &self.negotiated,
            &self.orphaned_calls,
            &self.outbound,
            &self.outbound_maximum,
            &self.outbound_memory,
            &self.progress,
            &self.send_timeout,
            &self.unflushed,
        ] {
            limit.say_the_rest(now);
        }
    }
}

/// What becomes of whoever hits a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consequence {
    /// It waits, which is the ordinary course of things.
    Delayed,
    /// It is refused, cut short or let go, which an operator should hear of.
    Refused,
}

/// How often a limit was hit, and when that was last said.
#[derive(Debug)]
pub(crate) struct Limit {
    name: &'static str,
    consequence: Consequence,
    hits: AtomicU64,
    said: AtomicU64,
    /// The moment after which it may be said again.
    silent_until: AtomicU64,
}

impl Limit {
    fn that_delays(name: &'static str) -> Self {
        Self::new(name, Consequence::Delayed)
    }

    fn that_refuses(name: &'static str) -> Self {
        Self::new(name, Consequence::Refused)
    }

    fn new(name: &'static str, consequence: Consequence) -> Self {
        Self {
            name,
            consequence,
            hits: AtomicU64::new(0),
            said: AtomicU64::new(0),
            silent_until: AtomicU64::new(0),
        }
    }

    /// Counts a hit, which the sweep will speak of.
    pub(crate) fn count(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(METRIC, "limit" => self.name).increment(1);
    }

    /// Counts a hit; how many there were, if it is time to say so.
    pub(crate) fn hit(&self, now: u64) -> Option<u64> {
        self.count();
        self.say(now)
    }

    fn say_the_rest(&self, now: u64) {
        let Some(hits) = self.rest(now) else {
            return;
        };
        let limit = self.name;
        match self.consequence {
            Consequence::Delayed => {
                tracing::debug!(target: "hubwire::limits", limit, hits, "a limit was hit");
            }
            Consequence::Refused => {
                tracing::warn!(target: "hubwire::limits", limit, hits, "a limit was hit again");
            }
        }
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
        let limit = Limit::that_refuses("some");
        assert_eq!(limit.hit(5), Some(1));
        assert_eq!(limit.hit(6), None);
        assert_eq!(limit.hit(10_004), None);
        assert_eq!(limit.hit(10_005), Some(4));
        assert_eq!(limit.hit(10_006), None);
    }

    #[test]
    fn what_was_not_said_is_said_later_and_only_once() {
        let limit = Limit::that_refuses("some");
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
