//! Rate-limited reporting of events of many kinds: at most one line in ten seconds for each kind,
//! and a limit for all kinds that a hub's methods have.
//!
//! A hub may have a thousand methods, and a client may call each of them wrongly.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::line_budget::LineBudget;
use super::repeated::{Occurrences, Repeated};

/// Events by their kinds, which are known in advance: first the kinds that every hub has, then
/// those of its methods, which share their lines.
///
/// An event for which no line is left is counted, and reported when there is one again.
#[derive(Debug)]
pub(crate) struct RepeatedKinds<K, T> {
    of_hub: Box<[(K, Repeated<T>)]>,
    of_methods: Box<[(K, Repeated<T>)]>,
    lines: LineBudget,
    /// The kind of the methods' that is the next to be reported, so that all get their turns.
    next: AtomicUsize,
}

impl<K: Copy, T> RepeatedKinds<K, T> {
    /// Creates the events of these kinds, none of which have happened.
    pub(crate) fn new(
        of_hub: impl IntoIterator<Item = (K, Repeated<T>)>,
        of_methods: impl IntoIterator<Item = (K, Repeated<T>)>,
    ) -> Self {
        Self {
            of_hub: of_hub.into_iter().collect(),
            of_methods: of_methods.into_iter().collect(),
            lines: LineBudget::default(),
            next: AtomicUsize::new(0),
        }
    }

    /// Counts an event of the kind at this position. Returns the counts if it is time to report
    /// them; otherwise keeps the details if they are the first since the last report.
    pub(crate) fn happened(
        &self,
        position: usize,
        now: u64,
        details: impl FnOnce() -> T,
    ) -> Option<Occurrences> {
        if let Some((_, repeated)) = self.of_hub.get(position) {
            return repeated.happened(now, details);
        }
        let (_, repeated) = self
            .of_methods
            .get(position.checked_sub(self.of_hub.len())?)?;
        repeated.happened_if(now, || self.lines.take_at_once(now), details)
    }

    /// Reports the events since the last report of their kind, with the details of the first of
    /// them, as far as there are lines left.
    pub(crate) fn say_the_rest(&self, now: u64, mut say: impl FnMut(K, Occurrences, T)) {
        for (kind, repeated) in &self.of_hub {
            if let Some((occurrences, details)) = repeated.rest(now) {
                say(*kind, occurrences, details);
            }
        }
        let next = self.next.load(Ordering::Relaxed);
        let positions = (0..self.of_methods.len()).map(|n| (next + n) % self.of_methods.len());
        for position in positions {
            let Some((kind, repeated)) = self.of_methods.get(position) else {
                continue;
            };
            let mut is_line_left = true;
            let rest = repeated.rest_if(now, || {
                is_line_left = self.lines.take(now);
                is_line_left
            });
            if !is_line_left {
                return self.next.store(position, Ordering::Relaxed);
            }
            if let Some((occurrences, details)) = rest {
                say(*kind, occurrences, details);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_methods_share_their_lines_and_all_are_reported_in_time() {
        let kind = |name| (name, Repeated::default());
        let kinds = RepeatedKinds::new(["hub"].map(kind), ["method"; 50].map(kind));
        let mut said = (0..51).filter(|&position| kinds.happened(position, 0, || ()).is_some());
        assert_eq!(said.by_ref().count(), 11);
        // The first ones happen again and again.
        let mut reported = [0; 51];
        for second in 1..60 {
            let now = second * 1_000;
            let mut lines = 0;
            for position in 0..25 {
                let said = kinds.happened(position, now, || ());
                lines += u32::from(position > 0 && said.is_some());
            }
            kinds.say_the_rest(now, |kind, occurrences, ()| {
                lines += u32::from(kind == "method");
                reported[usize::from(occurrences.total == 1)] += 1;
            });
            assert!(lines <= 20, "{lines} lines at {now} ms");
        }
        assert!(reported[1] >= 26, "{reported:?}");
    }
}
