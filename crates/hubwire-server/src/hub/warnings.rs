//! Warnings for the operator about events that are reported to nobody else. Each warning is logged
//! at most once in ten seconds, with a count, and those of all methods together have few lines.
//!
//! The set of possible warnings is fixed when the hub is built, whatever its clients send.

mod lines;

use hubwire_core::HubName;
pub(crate) use lines::{Details, Heard};

use crate::node::{Repeated, RepeatedKinds, Tally};
use crate::outbound::Failure;

const HOUR: u64 = 3_600_000;

/// A kind of event that an operator is warned of; methods by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Warning {
    UnknownMethod,
    MessageTooLarge,
    InvalidMessage,
    /// A client has negotiated version 0, which has no connection token.
    NoConnectionToken,
    HandshakeRefused(HandshakeReason),
    LetGo(LetGo),
    /// A request for a connection came from another user, or without the user it has.
    AnotherUser,
    Call(usize, CallFault),
    /// A deprecated method was called.
    Deprecated(usize),
}

/// Why a handshake is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeReason {
    TimedOut,
    TooLarge,
    Malformed,
    UnsupportedFormat,
    UnsupportedProtocol,
    UnsupportedVersion,
}

/// Why a client is disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LetGo {
    Silent,
    QueueFull,
    NoProgress,
    NodeFull,
    PeerDead,
}

impl HandshakeReason {
    /// All reasons, in the order of their declaration.
    pub(super) const ALL: [Self; 6] = [
        Self::TimedOut,
        Self::TooLarge,
        Self::Malformed,
        Self::UnsupportedFormat,
        Self::UnsupportedProtocol,
        Self::UnsupportedVersion,
    ];

    /// Returns the reason's name in the metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::UnsupportedFormat => "unsupported_format",
            Self::UnsupportedProtocol => "unsupported_protocol",
            Self::UnsupportedVersion => "unsupported_version",
        }
    }
}

impl LetGo {
    /// All reasons, in the order of their declaration.
    pub(super) const ALL: [Self; 5] = [
        Self::Silent,
        Self::QueueFull,
        Self::NoProgress,
        Self::NodeFull,
        Self::PeerDead,
    ];

    /// Returns the reason's name in the metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::QueueFull => "queue_full",
            Self::NoProgress => "no_progress",
            Self::NodeFull => "node_full",
            Self::PeerDead => "peer_dead",
        }
    }

    /// Returns `None` if the client left by itself.
    pub(crate) const fn of(failure: Failure) -> Option<Self> {
        match failure {
            Failure::Lost => None,
            Failure::QueueFull => Some(Self::QueueFull),
            Failure::NoProgress => Some(Self::NoProgress),
            Failure::NodeFull => Some(Self::NodeFull),
            Failure::PeerDead => Some(Self::PeerDead),
        }
    }
}

/// What is wrong with a call of an existing method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallFault {
    ArgumentCount,
    Argument,
    Streams,
    StreamItem,
    /// The client expects a stream and the method returns a result, or the other way round.
    WrongKind,
    TooManyCalls,
    /// The method has failed with an error that its caller may read.
    ShownError,
    Unauthorized,
}

const PER_METHOD: usize = 9;

impl Warning {
    const OF_HUB: [Self; 16] = [
        Self::UnknownMethod,
        Self::MessageTooLarge,
        Self::InvalidMessage,
        Self::NoConnectionToken,
        Self::HandshakeRefused(HandshakeReason::TimedOut),
        Self::HandshakeRefused(HandshakeReason::TooLarge),
        Self::HandshakeRefused(HandshakeReason::Malformed),
        Self::HandshakeRefused(HandshakeReason::UnsupportedFormat),
        Self::HandshakeRefused(HandshakeReason::UnsupportedProtocol),
        Self::HandshakeRefused(HandshakeReason::UnsupportedVersion),
        Self::LetGo(LetGo::Silent),
        Self::LetGo(LetGo::QueueFull),
        Self::LetGo(LetGo::NoProgress),
        Self::LetGo(LetGo::NodeFull),
        Self::LetGo(LetGo::PeerDead),
        Self::AnotherUser,
    ];

    /// Returns the warnings of methods. All warnings are ordered by [`Warning::position`].
    fn of_methods(methods: usize) -> impl Iterator<Item = Self> {
        (0..methods).flat_map(|method| -> [Self; PER_METHOD] {
            [
                Self::Call(method, CallFault::ArgumentCount),
                Self::Call(method, CallFault::Argument),
                Self::Call(method, CallFault::Streams),
                Self::Call(method, CallFault::StreamItem),
                Self::Call(method, CallFault::WrongKind),
                Self::Call(method, CallFault::TooManyCalls),
                Self::Call(method, CallFault::ShownError),
                Self::Call(method, CallFault::Unauthorized),
                Self::Deprecated(method),
            ]
        })
    }

    const fn position(self) -> usize {
        match self {
            Self::UnknownMethod => 0,
            Self::MessageTooLarge => 1,
            Self::InvalidMessage => 2,
            Self::NoConnectionToken => 3,
            Self::HandshakeRefused(fault) => 4 + fault as usize,
            Self::LetGo(reason) => 10 + reason as usize,
            Self::AnotherUser => 15,
            Self::Call(method, fault) => Self::OF_HUB.len() + PER_METHOD * method + fault as usize,
            Self::Deprecated(method) => Self::OF_HUB.len() + PER_METHOD * (method + 1) - 1,
        }
    }

    fn tally(self) -> Tally {
        match self {
            Self::NoConnectionToken | Self::Deprecated(_) => Tally::every(HOUR),
            _ => Tally::default(),
        }
    }
}

/// The warnings of one hub.
#[derive(Debug)]
pub(super) struct Warnings(RepeatedKinds<Warning, Details>);

impl Warnings {
    /// Creates the warnings of a hub with this number of methods.
    pub(super) fn new(methods: usize) -> Self {
        let warning = |warning: Warning| (warning, Repeated::new(warning.tally()));
        let of_methods = Warning::of_methods(methods).map(warning);
        Self(RepeatedKinds::new(Warning::OF_HUB.map(warning), of_methods))
    }

    /// Counts an event and logs it: at WARN if it is time for the next warning, otherwise at DEBUG.
    pub(super) fn count(
        &self,
        warning: Warning,
        hub: &HubName,
        now: u64,
        details: impl Fn() -> Details,
    ) {
        match self.0.happened(warning.position(), now, &details) {
            Some(occurrences) => warning.warn(hub, details(), occurrences.since_last_line),
            None => warning.note(Heard::ByNobody, hub, details),
        }
    }

    /// Warns of events since the last warning of their kind, with the details of the first of them.
    pub(super) fn say_the_rest(&self, hub: &HubName, now: u64) {
        self.0.say_the_rest(now, |warning, occurrences, details| {
            warning.warn(hub, details, occurrences.since_last_line);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_found_where_it_stands() {
        let all = || Warning::OF_HUB.into_iter().chain(Warning::of_methods(3));
        for (position, warning) in all().enumerate() {
            assert_eq!(warning.position(), position);
        }
        assert_eq!(all().count(), 16 + 3 * PER_METHOD);
    }
}
