//! The log of caught panics, for each place one line in ten seconds, with a count; and their metric.
//!
//! What clients send may have hub code panic as often as they like.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use hubwire_protocol::Excerpt;
use tracing::field;

use super::clock::NodeClock;
use super::guarded::{ConnectionLabel, Panic, Whose};
use super::metric::{Count, PANICS};
use super::repeated::{Occurrences, Repeated};

tokio::task_local! {
    /// The panics of the node that the current task belongs to. A value that is dropped somewhere, or a waker, knows
    /// no node.
    static OF_TASK: Arc<Panics>;
}

/// The panics outside of the tasks of a node.
static OF_NO_TASK: LazyLock<Panics> = LazyLock::new(Panics::new);

/// The panics of a node, by place. Places are named by literals, so that their number is bounded.
#[derive(Debug)]
pub(super) struct Panics {
    clock: NodeClock,
    metric: Count,
    places: Mutex<BTreeMap<&'static str, Repeated<Kept>>>,
}

/// What is kept of a panic until it is logged.
#[derive(Debug)]
struct Kept {
    connection: Option<ConnectionLabel>,
    text: String,
}

impl Kept {
    fn of(panic: &Panic, whose: Option<Whose<'_>>) -> Self {
        Self {
            connection: whose.map(ConnectionLabel::from),
            text: format!("{:?}", Excerpt(panic)),
        }
    }

    fn log(&self, what: &str, occurrences: Occurrences) {
        let whose = self.connection.as_ref().map(ConnectionLabel::whose);
        tracing::error!(
            target: "hubwire::panics",
            what,
            hub = whose.map(|whose| field::display(whose.hub)),
            connection_id = whose.map(|whose| field::display(whose.connection_id)),
            since_last_line = occurrences.since_last_line,
            panic = %self.text,
            "caught"
        );
    }
}

impl Panics {
    pub(super) fn new() -> Self {
        Self {
            clock: NodeClock::new(),
            metric: Count::new(&PANICS, []),
            places: Mutex::default(),
        }
    }

    fn count(
        &self,
        what: &'static str,
        panic: &Panic,
        whose: Option<Whose<'_>>,
    ) -> Option<Occurrences> {
        let now = self.clock.now();
        let mut places = self.places();
        let place = places.entry(what).or_default();
        place.happened(now, || Kept::of(panic, whose))
    }

    /// Logs what was counted since the last line about its place, and outside of the tasks of all nodes.
    pub(super) fn say_the_rest(&self) {
        let of_no_task = LazyLock::get(&OF_NO_TASK).map(Self::take_rest);
        let rest = of_no_task.into_iter().flatten().chain(self.take_rest());
        for (what, occurrences, kept) in rest {
            kept.log(what, occurrences);
        }
    }

    /// Passes on how many panics were caught, also outside of the tasks of all nodes.
    pub(super) fn pass_on(&self) {
        self.metric.pass_on();
        if let Some(of_no_task) = LazyLock::get(&OF_NO_TASK) {
            of_no_task.metric.pass_on();
        }
    }

    /// Collected first: a subscriber may do anything, which must not happen under the lock.
    fn take_rest(&self) -> Vec<(&'static str, Occurrences, Kept)> {
        let now = self.clock.now();
        let places = self.places();
        let rest = places.iter().filter_map(|(what, place)| {
            let (occurrences, kept) = place.rest(now)?;
            Some((*what, occurrences, kept))
        });
        rest.collect()
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<&'static str, Repeated<Kept>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a caught panic, whether it is logged or not.
pub(super) fn count() {
    let counted = OF_TASK.try_with(|panics| panics.metric.add(1));
    counted.unwrap_or_else(|_| OF_NO_TASK.metric.add(1));
}

/// Logs a panic of a place, unless the log has had a line about that recently; the sweep logs the rest.
pub(super) fn log(what: &'static str, panic: &Panic, whose: Option<Whose<'_>>) {
    let occurrences = OF_TASK
        .try_with(|panics| panics.count(what, panic, whose))
        .unwrap_or_else(|_| OF_NO_TASK.count(what, panic, whose));
    if let Some(occurrences) = occurrences {
        Kept::of(panic, whose).log(what, occurrences);
    }
}

/// Counts the panics of a step among these.
pub(super) fn counted_in<R>(panics: &Arc<Panics>, step: impl FnOnce() -> R) -> R {
    OF_TASK.sync_scope(Arc::clone(panics), step)
}

/// Counts the panics of a task, and of its drop, among these.
pub(super) fn counted<F: Future>(
    panics: &Arc<Panics>,
    task: F,
) -> impl Future<Output = F::Output> + use<F> {
    OF_TASK.scope(Arc::clone(panics), task)
}
