//! The counters of one thread.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The counters of one thread.
pub(crate) struct Stats {
    pub(crate) latency: Histogram<u64>,
    pub(crate) connect_time: Histogram<u64>,
    pub(crate) deliveries: u64,
    pub(crate) completions: u64,
    pub(crate) connected: u64,
    pub(crate) connect_failures: u64,
    pub(crate) disconnects: u64,
    pub(crate) failures: u64,
    pub(crate) first_failure: Option<String>,
    /// Deliveries in all phases, and their expected number.
    pub(crate) all_deliveries: u64,
    pub(crate) all_expected: u64,
}

impl Stats {
    pub(super) fn new() -> Self {
        // Nanoseconds, up to an hour, with three significant digits.
        let histogram =
            || Histogram::new_with_bounds(1, 3_600_000_000_000, 3).expect("valid bounds");
        Self {
            latency: histogram(),
            connect_time: histogram(),
            deliveries: 0,
            completions: 0,
            connected: 0,
            connect_failures: 0,
            disconnects: 0,
            failures: 0,
            first_failure: None,
            all_deliveries: 0,
            all_expected: 0,
        }
    }

    pub(super) fn opened(&mut self, took: Duration) {
        self.connected += 1;
        let _ = self.connect_time.record(took.as_nanos() as u64);
    }

    pub(super) fn failed(&mut self, what: &impl ToString) {
        self.first_failure.get_or_insert_with(|| what.to_string());
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.latency.add(&other.latency).expect("the same bounds");
        self.connect_time
            .add(&other.connect_time)
            .expect("the same bounds");
        self.deliveries += other.deliveries;
        self.completions += other.completions;
        self.connected += other.connected;
        self.connect_failures += other.connect_failures;
        self.disconnects += other.disconnects;
        self.failures += other.failures;
        self.all_deliveries += other.all_deliveries;
        self.all_expected += other.all_expected;
        if self.first_failure.is_none() {
            self.first_failure = other.first_failure;
        }
    }
}
