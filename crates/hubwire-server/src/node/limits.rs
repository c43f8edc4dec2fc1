//! Counts how often limits are hit, and says so now and then: who hits one often would otherwise fill the log.

use super::tally::Tally;

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

/// How often a limit was hit.
#[derive(Debug)]
pub(crate) struct Limit {
    name: &'static str,
    consequence: Consequence,
    hits: Tally,
}

impl Limit {
    fn that_delays(name: &'static str) -> Self {
        Self::new(name, Consequence::Delayed)
    }

    pub(crate) fn that_refuses(name: &'static str) -> Self {
        Self::new(name, Consequence::Refused)
    }

    fn new(name: &'static str, consequence: Consequence) -> Self {
        Self {
            name,
            consequence,
            hits: Tally::default(),
        }
    }

    /// Counts a hit, which the sweep will speak of.
    pub(crate) fn count(&self) {
        self.hits.count();
        self.measure();
    }

    /// Counts a hit; how many there were, if it is time to say so.
    pub(crate) fn hit(&self, now: u64) -> Option<u64> {
        self.measure();
        self.hits.happened(now)
    }

    fn measure(&self) {
        metrics::counter!(METRIC, "limit" => self.name).increment(1);
    }

    pub(crate) fn say_the_rest(&self, now: u64) {
        let Some(hits) = self.hits.rest(now) else {
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
}
