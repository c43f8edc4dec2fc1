//! Failures of hub code in the log: at most one line in ten seconds for each place, with a count,
//! and few lines for all methods together.
//!
//! The lines are limited because a client can call a failing method as often as it likes.

use std::fmt;

use hubwire_core::{ConnectionId, HubName};
use hubwire_protocol::LimitedExcerpt;

use super::HubService;
use crate::node::{Repeated, RepeatedKinds};

/// The maximum number of characters of a cause that are logged, and kept until then.
const CAUSE_LENGTH: usize = 1024;

/// A place where hub code failed; methods by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    OnConnected,
    OnDisconnected,
    ConnectionHandler,
    /// Decoding an item that a client streams.
    StreamItem,
    /// Decoding a method's arguments.
    Arguments(usize),
    /// A stream that its client has cancelled.
    CancelledStream(usize),
    /// The text of a method's error.
    ErrorText(usize),
    Method(usize),
    /// A policy that was to decide about a call.
    Policy(usize),
}

/// The number of places of each method.
const PER_METHOD: usize = 5;

impl Place {
    const OF_HUB: [Self; 4] = [
        Self::OnConnected,
        Self::OnDisconnected,
        Self::StreamItem,
        Self::ConnectionHandler,
    ];

    /// Returns the places of methods. All places are ordered by [`Place::position`].
    fn of_methods(methods: usize) -> impl Iterator<Item = Self> {
        (0..methods).flat_map(|method| {
            [
                Self::Arguments(method),
                Self::CancelledStream(method),
                Self::ErrorText(method),
                Self::Method(method),
                Self::Policy(method),
            ]
        })
    }

    fn position(self) -> usize {
        let of_method = |method: usize, part| Self::OF_HUB.len() + PER_METHOD * method + part;
        match self {
            Self::OnConnected => 0,
            Self::OnDisconnected => 1,
            Self::StreamItem => 2,
            Self::ConnectionHandler => 3,
            Self::Arguments(method) => of_method(method, 0),
            Self::CancelledStream(method) => of_method(method, 1),
            Self::ErrorText(method) => of_method(method, 2),
            Self::Method(method) => of_method(method, 3),
            Self::Policy(method) => of_method(method, 4),
        }
    }

    const fn method(self) -> Option<usize> {
        match self {
            Self::OnConnected
            | Self::OnDisconnected
            | Self::ConnectionHandler
            | Self::StreamItem => None,
            Self::Arguments(method)
            | Self::CancelledStream(method)
            | Self::ErrorText(method)
            | Self::Method(method)
            | Self::Policy(method) => Some(method),
        }
    }

    const fn hook(self) -> Option<&'static str> {
        match self {
            Self::OnConnected => Some("on_connected"),
            Self::OnDisconnected => Some("on_disconnected"),
            _ => None,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::OnConnected | Self::OnDisconnected => "a hook failed",
            Self::ConnectionHandler => "a connection handler failed",
            Self::StreamItem => "decoding a stream's item failed",
            Self::Arguments(_) => "decoding arguments failed",
            Self::CancelledStream(_) => "a cancelled stream failed",
            Self::ErrorText(_) => "the error of a hub method cannot be shown",
            Self::Method(_) => "hub method failed",
            Self::Policy(_) => "a policy failed, and its call with it",
        }
    }

    fn say(self, of: Of<'_>, connection_id: &ConnectionId, failures: u64, error: &dyn fmt::Debug) {
        let method = self.method().map(|method| of.service.method_name(method));
        tracing::error!(
            target: "hubwire::dispatch",
            hook = self.hook(),
            method,
            hub = %of.hub,
            %connection_id,
            failures,
            ?error,
            "{}",
            self.text()
        );
    }
}

/// The hub that the failed code belongs to.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) hub: &'a HubName,
    pub(super) service: &'a dyn HubService,
}

/// The failures of one hub, by their places, which are known in advance.
#[derive(Debug)]
pub(super) struct Failures(RepeatedKinds<Place, Kept>);

/// The data of a failure that is kept until it is logged.
#[derive(Debug)]
struct Kept {
    connection_id: ConnectionId,
    cause: String,
}

impl Failures {
    /// Creates the failures of a hub with this number of methods.
    pub(super) fn new(methods: usize) -> Self {
        let place = |place| (place, Repeated::default());
        let of_methods = Place::of_methods(methods).map(place);
        Self(RepeatedKinds::new(Place::OF_HUB.map(place), of_methods))
    }

    /// Counts a failure and logs it if it is time to. The cause may be a value of hub code.
    pub(super) fn count(
        &self,
        place: Place,
        of: Of<'_>,
        connection_id: &ConnectionId,
        now: u64,
        cause: &dyn fmt::Debug,
    ) {
        let keep = || Kept {
            connection_id: connection_id.clone(),
            cause: format!("{:?}", Beginning(cause)),
        };
        if let Some(failures) = self.0.happened(place.position(), now, keep) {
            place.say(of, connection_id, failures.total, &Beginning(cause));
        }
    }

    /// Logs the failures since the last line about their place, with the cause of the first of
    /// them.
    pub(super) fn say_the_rest(&self, of: Of<'_>, now: u64) {
        self.0.say_the_rest(now, |place, failures, kept| {
            let cause = format_args!("{}", kept.cause);
            place.say(of, &kept.connection_id, failures.total, &cause);
        });
    }
}

/// The beginning of a cause, on one line. A cause that repeats an argument can be as long as the
/// argument.
struct Beginning<'a>(&'a dyn fmt::Debug);

impl fmt::Debug for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format_args!("{:?}", self.0);
        fmt::Debug::fmt(&LimitedExcerpt::new(text, CAUSE_LENGTH), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_found_where_it_stands() {
        let all = || Place::OF_HUB.into_iter().chain(Place::of_methods(3));
        for (position, place) in all().enumerate() {
            assert_eq!(place.position(), position);
        }
        assert_eq!(all().count(), 4 + 3 * PER_METHOD);
    }

    #[test]
    fn of_a_cause_a_line_has_the_beginning() {
        let beginning = |cause: &dyn fmt::Debug| format!("{:?}", Beginning(cause));
        assert_eq!(beginning(&"short\n"), r#""short\n""#);
        assert_eq!(
            beginning(&format_args!("{}", "one\nFORGED")),
            r"one\nFORGED"
        );
        let long = beginning(&"ä".repeat(10_000));
        assert_eq!(long, format!("\"{}...", "ä".repeat(CAUSE_LENGTH - 1)));
        let pieces = beginning(&vec![7; 10_000]);
        assert!(pieces.starts_with("[7, 7") && pieces.len() == CAUSE_LENGTH + 3);
    }
}
