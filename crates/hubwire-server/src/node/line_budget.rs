//! A limit of log lines that many kinds of events share.

use std::sync::{Mutex, PoisonError};

use super::tally::INTERVAL;

/// The maximum number of lines in ten seconds.
const LINES: u32 = 20;

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
    /// Takes one line, if there are any left.
    pub(super) fn take(&self, now: u64) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= window.ends {
            let ends = now + INTERVAL;
            *window = Window { ends, left: LINES };
        }
        let left = window.left.checked_sub(1);
        window.left = left.unwrap_or_default();
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_lines_in_ten_seconds() {
        let budget = LineBudget::default();
        let taken = |now| (0..100).filter(|_| budget.take(now)).count();
        assert_eq!(taken(5), 20);
        assert_eq!(taken(10_004), 0);
        assert_eq!(taken(10_005), 20);
        assert_eq!(taken(20_004), 0);
    }
}
