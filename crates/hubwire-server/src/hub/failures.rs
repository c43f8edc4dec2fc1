//! What failed in hub code, as the log hears of it: once in ten seconds for each place, with a count.
//!
//! Whoever calls a method that fails calls it as often as it likes.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::HubService;
use crate::node::Tally;

/// How many bytes of a cause are said, and kept until then.
const CAUSE_SIZE: usize = 1024;

/// Where hub code failed; methods by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    OnConnected,
    OnDisconnected,
    /// The decoding of an item that a client streams.
    StreamItem,
    /// The decoding of a method's arguments.
    Arguments(usize),
    /// A stream that its client had cancelled.
    CancelledStream(usize),
    /// The text of a method's error.
    ErrorText(usize),
    Method(usize),
}

impl Place {
    const OF_HUB: [Self; 3] = [Self::OnConnected, Self::OnDisconnected, Self::StreamItem];

    /// In the order of [`Place::position`].
    fn all(methods: usize) -> impl Iterator<Item = Self> {
        let of_methods = (0..methods).flat_map(|method| {
            [
                Self::Arguments(method),
                Self::CancelledStream(method),
                Self::ErrorText(method),
                Self::Method(method),
            ]
        });
        Self::OF_HUB.into_iter().chain(of_methods)
    }

    fn position(self) -> usize {
        let of_method = |method: usize, part| Self::OF_HUB.len() + 4 * method + part;
        match self {
            Self::OnConnected => 0,
            Self::OnDisconnected => 1,
            Self::StreamItem => 2,
            Self::Arguments(method) => of_method(method, 0),
            Self::CancelledStream(method) => of_method(method, 1),
            Self::ErrorText(method) => of_method(method, 2),
            Self::Method(method) => of_method(method, 3),
        }
    }

    fn say(self, service: &dyn HubService, failures: u64, error: &dyn fmt::Debug) {
        let (method, text) = match self {
            Self::OnConnected => return say_of_hook("on_connected", failures, error),
            Self::OnDisconnected => return say_of_hook("on_disconnected", failures, error),
            Self::StreamItem => {
                tracing::error!(target: "hubwire::dispatch", failures, ?error, "decoding a stream's item failed");
                return;
            }
            Self::Arguments(method) => (method, "decoding arguments failed"),
            Self::CancelledStream(method) => (method, "a cancelled stream failed"),
            Self::ErrorText(method) => (method, "the error of a hub method cannot be shown"),
            Self::Method(method) => (method, "hub method failed"),
        };
        let method = service.method_name(method);
        tracing::error!(target: "hubwire::dispatch", method, failures, ?error, "{text}");
    }
}

fn say_of_hook(hook: &str, failures: u64, error: &dyn fmt::Debug) {
    tracing::error!(target: "hubwire::dispatch", hook, failures, ?error, "a hook failed");
}

/// The failures of one hub, whose places are known in advance.
#[derive(Debug)]
pub(super) struct Failures(Box<[(Place, Failure)]>);

impl Failures {
    /// Of a hub with so many methods.
    pub(super) fn new(methods: usize) -> Self {
        let places = Place::all(methods);
        Self(places.map(|place| (place, Failure::default())).collect())
    }

    /// Counts a failure, and says it if it is time to; the cause may be a value of hub code.
    pub(super) fn count(
        &self,
        place: Place,
        service: &dyn HubService,
        now: u64,
        cause: &dyn fmt::Debug,
    ) {
        let Some((_, failure)) = self.0.get(place.position()) else {
            return;
        };
        if let Some(failures) = failure.happened(now, cause) {
            place.say(service, failures, &Beginning(cause));
        }
    }

    /// Says what was not said yet, each place's with the first cause of that.
    pub(super) fn say_the_rest(&self, service: &dyn HubService, now: u64) {
        for (place, failure) in &self.0 {
            if let Some((failures, cause)) = failure.rest(now) {
                place.say(service, failures, &format_args!("{cause}"));
            }
        }
    }
}

/// How often one place failed, and why it did so first since that was last said.
#[derive(Debug, Default)]
struct Failure {
    count: Tally,
    has_cause: AtomicBool,
    cause: Mutex<String>,
}

impl Failure {
    fn happened(&self, now: u64, cause: &dyn fmt::Debug) -> Option<u64> {
        let failures = self.count.happened(now);
        if failures.is_some() {
            // Counted, and older than the one that is said.
            self.take_cause();
        } else if !self.has_cause.swap(true, Ordering::Relaxed) {
            let text = format!("{:?}", Beginning(cause));
            *self.cause() = text;
        }
        failures
    }

    fn rest(&self, now: u64) -> Option<(u64, String)> {
        let failures = self.count.rest(now)?;
        Some((failures, self.take_cause()))
    }

    fn take_cause(&self) -> String {
        let cause = std::mem::take(&mut *self.cause());
        self.has_cause.store(false, Ordering::Relaxed);
        cause
    }

    fn cause(&self) -> MutexGuard<'_, String> {
        self.cause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As much of a cause as a line takes: one that repeats an argument is as long as that.
struct Beginning<'a>(&'a dyn fmt::Debug);

impl fmt::Debug for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cut = Cut {
            f,
            room: CAUSE_SIZE,
            is_over: false,
        };
        let written = write!(cut, "{:?}", self.0);
        if cut.is_over { Ok(()) } else { written }
    }
}

/// Takes so many bytes, and then fails.
struct Cut<'f, 'b> {
    f: &'f mut fmt::Formatter<'b>,
    room: usize,
    is_over: bool,
}

impl Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.is_over {
            return Err(fmt::Error);
        }
        let end = text.floor_char_boundary(self.room);
        self.room -= end;
        self.is_over = end < text.len();
        self.f.write_str(text.get(..end).unwrap_or_default())?;
        if self.is_over {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_found_where_it_stands() {
        for (position, place) in Place::all(3).enumerate() {
            assert_eq!(place.position(), position);
        }
        assert_eq!(Place::all(3).count(), 3 + 3 * 4);
    }

    #[test]
    fn of_a_cause_a_line_has_the_beginning() {
        let beginning = |cause: &dyn fmt::Debug| format!("{:?}", Beginning(cause));
        assert_eq!(beginning(&"short"), "\"short\"");
        let long = beginning(&"ä".repeat(10_000));
        assert!(
            long.starts_with("\"ää") && long.len() > CAUSE_SIZE - 2 && long.len() <= CAUSE_SIZE
        );
        let pieces = beginning(&vec![7; 10_000]);
        assert!(pieces.starts_with("[7, 7") && pieces.len() <= CAUSE_SIZE);
    }

    #[test]
    fn the_first_cause_that_is_unsaid_is_kept_and_no_more_of_it_than_a_line_takes() {
        let failure = Failure::default();
        assert_eq!(failure.happened(0, &"said"), Some(1));
        assert_eq!(failure.rest(20_000), None);
        assert_eq!(failure.happened(20_000, &"said"), Some(2));
        assert_eq!(failure.happened(20_001, &"ä".repeat(10_000)), None);
        assert_eq!(failure.happened(20_002, &"second"), None);
        let (failures, cause) = failure.rest(30_000).unwrap();
        assert_eq!(failures, 4);
        assert!(cause.starts_with("\"ä") && cause.len() <= CAUSE_SIZE);
        assert_eq!(failure.happened(30_001, &"third"), None);
        assert_eq!(failure.happened(40_000, &"fourth"), Some(6));
        assert_eq!(failure.happened(40_001, &"fifth"), None);
        assert_eq!(failure.rest(50_000), Some((7, "\"fifth\"".to_owned())));
    }
}
