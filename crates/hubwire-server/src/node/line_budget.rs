//! A limit of log lines that many kinds of events share.

use std::sync::{Mutex, PoisonError};

use super::tally::INTERVAL;

/// The maximum number of lines in ten seconds.
const LINES: u32 = 20;

/// The number of these that only events that have waited get: kinds that happen all the time would
/// otherwise take every line.
const KEPT_FOR_THE_REST: u32 = 10;

/// The log lines that may still be written in the current ten seconds.
#[derive(Debug, Default)]
pub(super) struct LineBudget(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    /// In milliseconds, as `now` is.
    ends: u64,
    left: u32,
}

impl LineBudget {
    /// Takes one line for an event that has just happened, if there are any left for those.
    pub(super) fn take_at_once(&self, now: u64) -> bool {
        self.take_above(KEPT_FOR_THE_REST, now)
    }

    /// Takes one line, if there are any left.
    pub(super) fn take(&self, now: u64) -> bool {
        self.take_above(0, now)
    }

    fn take_above(&self, kept: u32, now: u64) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= window.ends {
            let ends = now + INTERVAL;
            *window = Window { ends, left: LINES };
        }
        let is_left = window.left > kept;
        window.left -= u32::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_lines_in_ten_seconds_of_which_half_are_kept() {
        let budget = LineBudget::default();
        let at_once = |now| (0..100).filter(|_| budget.take_at_once(now)).count();
        let taken = |now| (0..100).filter(|_| budget.take(now)).count();
        assert_eq!(at_once(5), 10);
        assert_eq!(taken(10_004), 10);
        assert_eq!(at_once(10_004), 0);
        assert_eq!(taken(10_005), 20);
        assert_eq!(at_once(20_004), 0);
    }
}
