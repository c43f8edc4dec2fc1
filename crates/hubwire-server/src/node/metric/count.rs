//! Values that are counted here and passed on by the sweep.
//!
//! An exporter is foreign code: it may be slow, panic or call back. What happens often, or under a
//! lock, is therefore only counted; once a second the sweep passes on what was added since.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use metrics::SharedString;

use super::Metric;
use crate::node::guarded_step;

/// A counter; the rest is passed on when it is dropped.
#[derive(Debug)]
pub(crate) struct Count {
    metric: &'static Metric,
    labels: Box<[SharedString]>,
    value: AtomicU64,
    passed_on: AtomicU64,
    is_known: AtomicBool,
}

impl Count {
    pub(crate) fn new<const N: usize>(metric: &'static Metric, labels: [SharedString; N]) -> Self {
        Self {
            metric,
            labels: Box::new(labels),
            value: AtomicU64::new(0),
            passed_on: AtomicU64::new(0),
            is_known: AtomicBool::new(false),
        }
    }

    pub(crate) fn add(&self, count: u64) {
        self.value.fetch_add(count, Ordering::Relaxed);
    }

    /// Passes on what was added since the last time. The first time this is done even if that is
    /// nothing: the rise of a counter that did not exist before is no rise to most queries.
    pub(crate) fn pass_on(&self) {
        if self.is_new() || !self.is_known.swap(true, Ordering::Relaxed) {
            self.pass_on_all();
        }
    }

    fn is_new(&self) -> bool {
        self.value.load(Ordering::Relaxed) > self.passed_on.load(Ordering::Relaxed)
    }

    fn pass_on_all(&self) {
        let value = self.value.load(Ordering::Relaxed);
        let before = self.passed_on.fetch_max(value, Ordering::Relaxed);
        record(|| {
            let counter = self.metric.counter(&self.labels);
            counter.increment(value.saturating_sub(before));
        });
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if self.is_new() {
            self.pass_on_all();
        }
    }
}

/// A gauge of what this server has; those of all servers of a process add up.
#[derive(Debug)]
pub(crate) struct Level {
    metric: &'static Metric,
    labels: Box<[SharedString]>,
    value: AtomicI64,
    passed_on: AtomicI64,
    is_known: AtomicBool,
}

impl Level {
    pub(crate) fn new<const N: usize>(metric: &'static Metric, labels: [SharedString; N]) -> Self {
        Self {
            metric,
            labels: Box::new(labels),
            value: AtomicI64::new(0),
            passed_on: AtomicI64::new(0),
            is_known: AtomicBool::new(false),
        }
    }

    pub(crate) fn set(&self, value: usize) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        self.value.store(value, Ordering::Relaxed);
    }

    pub(crate) fn raise(&self) {
        self.value.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lower(&self) {
        self.value.fetch_sub(1, Ordering::Relaxed);
    }

    /// Passes on the difference to the last time; also once at the beginning.
    pub(crate) fn pass_on(&self) {
        let value = self.value.load(Ordering::Relaxed);
        let before = self.passed_on.swap(value, Ordering::Relaxed);
        let is_known = self.is_known.swap(true, Ordering::Relaxed);
        if value != before || !is_known {
            self.pass_on_difference(value.saturating_sub(before));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    fn pass_on_difference(&self, difference: i64) {
        record(|| {
            let gauge = self.metric.gauge(&self.labels);
            gauge.increment(difference as f64);
        });
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        let left = *self.passed_on.get_mut();
        if left != 0 {
            self.pass_on_difference(left.saturating_neg());
        }
    }
}

/// Runs code of an exporter; its panic ends nothing else.
pub(crate) fn record(step: impl FnOnce()) {
    guarded_step("the recording of a metric", step);
}
