//! Warnings for the operator about events that are reported to nobody else. Each warning is logged
//! at most once in ten seconds, with a count.
//!
//! The set of possible warnings is fixed when the hub is built, whatever its clients send.

mod lines;

use hubwire_core::HubName;
pub(crate) use lines::{Details, Heard};

use crate::node::{Repeated, Tally};
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
    Call(usize, CallFault),
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
}

const PER_METHOD: usize = 7;

impl Warning {
    const OF_HUB: [Self; 15] = [
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
    ];

    /// Returns all warnings in the order of [`Warning::position`].
    fn all(methods: usize) -> impl Iterator<Item = Self> {
        let of_methods = (0..methods).flat_map(|method| {
            let faults: [_; PER_METHOD] = [
                CallFault::ArgumentCount,
                CallFault::Argument,
                CallFault::Streams,
                CallFault::StreamItem,
                CallFault::WrongKind,
                CallFault::TooManyCalls,
                CallFault::ShownError,
            ];
            faults.map(|fault| Self::Call(method, fault))
        });
        Self::OF_HUB.into_iter().chain(of_methods)
    }

    const fn position(self) -> usize {
        match self {
            Self::UnknownMethod => 0,
            Self::MessageTooLarge => 1,
            Self::InvalidMessage => 2,
            Self::NoConnectionToken => 3,
            Self::HandshakeRefused(fault) => 4 + fault as usize,
            Self::LetGo(reason) => 10 + reason as usize,
            Self::Call(method, fault) => Self::OF_HUB.len() + PER_METHOD * method + fault as usize,
        }
    }

    fn tally(self) -> Tally {
        match self {
            Self::NoConnectionToken => Tally::every(HOUR),
            _ => Tally::default(),
        }
    }
}

/// The warnings of one hub.
#[derive(Debug)]
pub(super) struct Warnings(Box<[(Warning, Repeated<Details>)]>);

impl Warnings {
    /// Creates the warnings of a hub with this number of methods.
    pub(super) fn new(methods: usize) -> Self {
        let warnings = Warning::all(methods);
        Self(
            warnings
                .map(|warning| (warning, Repeated::new(warning.tally())))
                .collect(),
        )
    }

    /// Counts an event and logs it: at WARN if it is time for the next warning, otherwise at DEBUG.
    pub(super) fn count(
        &self,
        warning: Warning,
        hub: &HubName,
        now: u64,
        details: impl Fn() -> Details,
    ) {
        let Some((_, repeated)) = self.0.get(warning.position()) else {
            return;
        };
        match repeated.happened(now, &details) {
            Some(occurrences) => warning.warn(hub, details(), occurrences.since_last_line),
            None => warning.note(Heard::ByNobody, hub, details),
        }
    }

    /// Warns of events since the last warning of their kind, with the details of the first of them.
    pub(super) fn say_the_rest(&self, hub: &HubName, now: u64) {
        for (warning, repeated) in &self.0 {
            if let Some((occurrences, details)) = repeated.rest(now) {
                warning.warn(hub, details, occurrences.since_last_line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_found_where_it_stands() {
        for (position, warning) in Warning::all(3).enumerate() {
            assert_eq!(warning.position(), position);
        }
        assert_eq!(Warning::all(3).count(), 15 + 3 * PER_METHOD);
    }
}
