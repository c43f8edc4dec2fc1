//! One limit: how often it was hit, and what the log says about that.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::field;

use crate::node::guarded::{ConnectionLabel, Whose};
use crate::node::metric::{Count, LIMIT_HITS};
use crate::node::tally::Tally;

/// The consequence of hitting a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// Somebody waits, which is normal.
    Delayed,
    /// The peer is refused, cut short or disconnected, which an operator should know.
    Refused,
    /// What happens on healthy servers all the time: others get their turns, or nobody comes.
    Routine,
    /// The peer is refused or disconnected, which another line reports.
    SaidOtherwise,
}

/// How often a limit was hit, and when that was last logged.
#[derive(Debug)]
pub(crate) struct Limit {
    name: &'static str,
    consequence: Consequence,
    hits: Tally,
    metric: Count,
    /// The first connection that the log has not named yet.
    hitter: Mutex<Option<ConnectionLabel>>,
}

impl Limit {
    pub(super) fn new(name: &'static str, consequence: Consequence) -> Self {
        Self {
            name,
            consequence,
            hits: Tally::default(),
            metric: Count::new(&LIMIT_HITS, [name.into()]),
            hitter: Mutex::default(),
        }
    }

    /// Counts a hit; the sweep will report it.
    pub(crate) fn count(&self) {
        self.count_many(1);
    }

    /// Counts hits; the sweep will report them.
    pub(crate) fn count_many(&self, hits: u64) {
        self.hits.count_many(hits);
        self.metric.add(hits);
    }

    pub(super) fn pass_on(&self) {
        self.metric.pass_on();
    }

    /// Counts a hit of a connection; the sweep names the first connection.
    pub(crate) fn count_of(&self, whose: Whose<'_>) {
        self.hitter()
            .get_or_insert_with(|| ConnectionLabel::from(whose));
        self.count();
    }

    fn hitter(&self) -> MutexGuard<'_, Option<ConnectionLabel>> {
        self.hitter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a hit; returns the total number of hits if it is time to log them.
    pub(crate) fn hit(&self, now: u64) -> Option<u64> {
        self.count();
        self.say(now)
    }

    /// Returns the total number of hits, if it is time to log them.
    pub(crate) fn say(&self, now: u64) -> Option<u64> {
        self.hits.say(now)
    }

    pub(super) fn say_the_rest(&self, now: u64) {
        let Some(hits) = self.hits.rest(now) else {
            return;
        };
        let limit = self.name;
        match self.consequence {
            Consequence::Delayed | Consequence::Routine => {
                tracing::debug!(target: "hubwire::limits", limit, hits, "a limit was hit");
            }
            Consequence::SaidOtherwise => {}
            Consequence::Refused => {
                let hitter = self.hitter().take();
                tracing::warn!(
                    target: "hubwire::limits",
                    limit,
                    hits,
                    hub = hitter.as_ref().map(|it| field::display(&it.hub)),
                    connection_id = hitter.as_ref().map(|it| field::display(&it.connection_id)),
                    "a limit was hit"
                );
            }
        }
    }
}
