//! A call that reaches no method, as filters are told of it.

use std::fmt;

use hubwire_protocol::Excerpt;

use crate::hub::{CallFault, Caller};

/// A call that is refused before filters and the method run.
pub struct RefusedCall<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) target: &'a str,
    pub(crate) method: Option<&'a str>,
    pub(crate) reason: RefusalReason,
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// An argument does not fit its parameter, or what a policy reads.
    Argument,
    /// The call has more or fewer arguments than the method takes, or fewer than a policy reads.
    ArgumentCount,
    /// The call has more or fewer streams than the method reads, or a stream id that is in use.
    Streams,
    /// The connection has too many running calls or open streams.
    TooManyCalls,
    /// The user may not call the method (`#[authorize]`).
    Unauthorized,
    /// The hub has no such method.
    UnknownMethod,
    /// The client asked a streaming method for a result, or another method for a stream.
    WrongKind,
    /// A policy with checks, which was to decide about the call, has returned an error or has
    /// panicked.
    ///
    /// The metrics count such a call as a failed one, not as a refused one.
    PolicyFailed,
}

impl RefusalReason {
    /// All reasons that the metrics of refused calls have, in the order of their declaration.
    pub(crate) const COUNTED: [Self; 7] = [
        Self::Argument,
        Self::ArgumentCount,
        Self::Streams,
        Self::TooManyCalls,
        Self::Unauthorized,
        Self::UnknownMethod,
        Self::WrongKind,
    ];

    /// Returns the reason's name, which the metrics have if it is counted.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::ArgumentCount => "argument_count",
            Self::Streams => "streams",
            Self::TooManyCalls => "too_many_calls",
            Self::Unauthorized => "unauthorized",
            Self::UnknownMethod => "unknown_method",
            Self::WrongKind => "wrong_kind",
            Self::PolicyFailed => "policy_failed",
        }
    }

    pub(crate) const fn of(fault: CallFault) -> Option<Self> {
        Some(match fault {
            CallFault::Argument => Self::Argument,
            CallFault::ArgumentCount => Self::ArgumentCount,
            CallFault::Streams => Self::Streams,
            CallFault::TooManyCalls => Self::TooManyCalls,
            CallFault::WrongKind => Self::WrongKind,
            CallFault::Unauthorized => Self::Unauthorized,
            // These happen to calls that have reached their method.
            CallFault::ShownError | CallFault::StreamItem => return None,
        })
    }
}

impl RefusedCall<'_> {
    /// Returns the connection that the call came from.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        self.caller
    }

    /// Returns the method's name as the client sent it, which may have any length and any content.
    ///
    /// Use an [`Excerpt`] to log it, and never make it a label of a metric.
    #[must_use]
    pub fn target(&self) -> &str {
        self.target
    }

    /// Returns the method's name as it is declared; `None` if the hub has no such method.
    #[must_use]
    pub fn method_name(&self) -> Option<&str> {
        self.method
    }

    /// Returns why the call is refused.
    #[must_use]
    pub fn reason(&self) -> RefusalReason {
        self.reason
    }
}

impl fmt::Debug for RefusedCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusedCall")
            .field("caller", &self.caller)
            .field("target", &Excerpt(self.target))
            .field("reason", &self.reason)
            .finish()
    }
}
