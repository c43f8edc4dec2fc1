//! The order in which requests came.

use std::sync::atomic::{AtomicU64, Ordering};

use http::request::Parts;

/// The place of a request among all, from before it is known whose it is: deciding about one may
/// take longer than about the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ArrivalOrder(u64);

impl ArrivalOrder {
    /// Returns the place of a request that comes now.
    pub(super) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Returns the place of a request; the last one, if nothing had to be decided about it.
    pub(super) fn of(parts: &Parts) -> Self {
        parts.extensions.get().copied().unwrap_or_else(Self::next)
    }
}
