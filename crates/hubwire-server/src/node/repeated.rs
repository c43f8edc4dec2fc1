//! Rate-limited reporting of events that may be too frequent to be logged one by one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::tally::Tally;

/// An event that occurs repeatedly. The first occurrence is reported at once. Later ones are
/// counted and reported again once the interval has passed, with the details of the first
/// unreported one.
///
/// At most one `T` is kept, however often the event occurs.
#[derive(Debug)]
pub(crate) struct Repeated<T> {
    tally: Tally,
    has_unsaid: AtomicBool,
    unsaid: Mutex<Option<T>>,
}

/// The number of occurrences of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrences {
    pub(crate) total: u64,
    /// The number of these after the previous report.
    pub(crate) since_last_line: u64,
}

impl<T> Default for Repeated<T> {
    fn default() -> Self {
        Self::new(Tally::default())
    }
}

impl<T> Repeated<T> {
    pub(crate) const fn new(tally: Tally) -> Self {
        Self {
            tally,
            has_unsaid: AtomicBool::new(false),
            unsaid: Mutex::new(None),
        }
    }

    /// Counts an occurrence. Returns the counts if it is time to report them; otherwise keeps the
    /// details if they are the first since the last report.
    pub(crate) fn happened(&self, now: u64, details: impl FnOnce() -> T) -> Option<Occurrences> {
        self.happened_if(now, || true, details)
    }

    /// Does the same as [`Repeated::happened`], but asks `may_say` first if it is time.
    pub(super) fn happened_if(
        &self,
        now: u64,
        may_say: impl FnOnce() -> bool,
        details: impl FnOnce() -> T,
    ) -> Option<Occurrences> {
        let said = self.tally.said();
        self.tally.count();
        let total = self.tally.say_if(now, may_say);
        if total.is_some() {
            // The kept details are older than this occurrence. They are part of the count and no
            // longer needed.
            self.take_unsaid();
        } else if !self.has_unsaid.swap(true, Ordering::Relaxed) {
            // Hub code may panic here; then the next occurrence is asked for its details.
            let is_kept = Kept::new(&self.has_unsaid);
            let details = details();
            *self.unsaid() = Some(details);
            is_kept.confirm();
        }
        total.map(|total| Occurrences::after(said, total))
    }

    /// Returns the counts and the first unreported details, if there are any and it is time to
    /// report them.
    pub(crate) fn rest(&self, now: u64) -> Option<(Occurrences, T)> {
        self.rest_if(now, || true)
    }

    /// Does the same as [`Repeated::rest`], but asks `may_say` first if there is something to
    /// report.
    pub(super) fn rest_if(
        &self,
        now: u64,
        may_say: impl FnOnce() -> bool,
    ) -> Option<(Occurrences, T)> {
        let said = self.tally.said();
        let mut unsaid = self.unsaid();
        if unsaid.is_none() {
            return None;
        }
        let total = self.tally.rest_if(now, may_say)?;
        let details = unsaid.take()?;
        self.has_unsaid.store(false, Ordering::Relaxed);
        Some((Occurrences::after(said, total), details))
    }

    fn take_unsaid(&self) -> Option<T> {
        let details = self.unsaid().take();
        self.has_unsaid.store(false, Ordering::Relaxed);
        details
    }

    fn unsaid(&self) -> MutexGuard<'_, Option<T>> {
        self.unsaid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clears the flag again, unless what it announces has been stored.
struct Kept<'a> {
    flag: &'a AtomicBool,
    is_confirmed: bool,
}

impl<'a> Kept<'a> {
    const fn new(flag: &'a AtomicBool) -> Self {
        Self {
            flag,
            is_confirmed: false,
        }
    }

    fn confirm(mut self) {
        self.is_confirmed = true;
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if !self.is_confirmed {
            self.flag.store(false, Ordering::Relaxed);
        }
    }
}

impl Occurrences {
    const fn after(said: u64, total: u64) -> Self {
        Self {
            total,
            since_last_line: total.saturating_sub(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurrences(total: u64, since_last_line: u64) -> Occurrences {
        Occurrences {
            total,
            since_last_line,
        }
    }

    #[test]
    fn the_first_details_that_are_unsaid_are_kept() {
        let repeated = Repeated::default();
        let happened = |now, details| repeated.happened(now, || details);
        assert_eq!(happened(0, "said"), Some(occurrences(1, 1)));
        assert_eq!(repeated.rest(20_000), None);
        assert_eq!(happened(20_000, "said"), Some(occurrences(2, 1)));
        assert_eq!(happened(20_001, "first"), None);
        assert_eq!(happened(20_002, "second"), None);
        assert_eq!(repeated.rest(29_999), None);
        assert_eq!(repeated.rest(30_000), Some((occurrences(4, 2), "first")));
        assert_eq!(happened(30_001, "third"), None);
        assert_eq!(happened(40_000, "fourth"), Some(occurrences(6, 2)));
        assert_eq!(happened(40_001, "fifth"), None);
        assert_eq!(repeated.rest(50_000), Some((occurrences(7, 1), "fifth")));
        assert_eq!(repeated.rest(60_000), None);
    }

    #[test]
    fn details_are_made_only_where_they_are_kept() {
        let repeated = Repeated::default();
        let mut made = 0;
        for _ in 0..10_000 {
            repeated.happened(0, || made += 1);
        }
        assert_eq!(made, 1);
    }

    #[test]
    fn some_things_are_said_once_an_hour() {
        let repeated = Repeated::new(Tally::every(3_600_000));
        let said = (0..7_200).filter(|second| repeated.happened(second * 1000, || ()).is_some());
        assert_eq!(said.collect::<Vec<_>>(), [0, 3_600]);
    }
}
