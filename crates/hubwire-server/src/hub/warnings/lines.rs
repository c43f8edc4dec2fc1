//! The log lines of warnings: what happened, and what the operator can do.

use std::fmt::Display;

use hubwire_core::{ConnectionId, HubName};
use hubwire_protocol::Excerpt;
use tracing::{Level, field};

use super::{CallFault, HandshakeReason, LetGo, Warning};

/// Whether a client is told why its call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    ByClient,
    ByNobody,
}

impl Heard {
    /// Returns `ByNobody` for a call without an id, because it has no completion.
    pub(crate) const fn of(invocation_id: Option<&str>) -> Self {
        match invocation_id {
            Some(_) => Self::ByClient,
            None => Self::ByNobody,
        }
    }
}

/// The fields of a log line. What a peer sent is escaped and truncated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    connection_id: Option<ConnectionId>,
    method: Option<String>,
    detail: Option<String>,
}

impl Details {
    /// Creates the details of an event that concerns this connection.
    pub(crate) fn of(connection_id: &ConnectionId) -> Self {
        Self {
            connection_id: Some(connection_id.clone()),
            ..Self::default()
        }
    }

    /// Adds the name of the method, as the client called it.
    pub(crate) fn method(mut self, name: &str) -> Self {
        self.method = Some(format!("{:?}", Excerpt(name)));
        self
    }

    /// Adds what is wrong, without any value that was sent.
    pub(crate) fn detail(mut self, detail: &dyn Display) -> Self {
        self.detail = Some(format!("{:?}", Excerpt(detail)));
        self
    }
}

/// Writes a line. A macro, because tracing's callsites need a constant level and target.
macro_rules! line {
    ($level:ident, $target:literal, $of:expr) => {{
        let Line { text, hub, details, since_last_line } = $of;
        tracing::$level!(
            target: $target,
            // As texts, which subscribers quote: a peer chooses what they contain.
            method = details.method,
            %hub,
            connection_id = details.connection_id.map(field::display),
            detail = details.detail,
            since_last_line,
            "{text}"
        );
    }};
}

/// Writes a line of a warning at its target, if that is enabled.
macro_rules! say {
    ($warning:expr, $level:ident, $LEVEL:ident, $of:expr) => {
        match $warning {
            Warning::UnknownMethod
            | Warning::MessageTooLarge
            | Warning::InvalidMessage
            | Warning::Call(..)
            | Warning::Deprecated(_) => {
                if tracing::enabled!(target: "hubwire::dispatch", Level::$LEVEL) {
                    line!($level, "hubwire::dispatch", $of);
                }
            }
            Warning::HandshakeRefused(_) => {
                if tracing::enabled!(target: "hubwire::handshake", Level::$LEVEL) {
                    line!($level, "hubwire::handshake", $of);
                }
            }
            Warning::LetGo(_) | Warning::AnotherUser => {
                if tracing::enabled!(target: "hubwire::connection", Level::$LEVEL) {
                    line!($level, "hubwire::connection", $of);
                }
            }
            Warning::NoConnectionToken => {
                if tracing::enabled!(target: "hubwire::negotiate", Level::$LEVEL) {
                    line!($level, "hubwire::negotiate", $of);
                }
            }
        }
    };
}

struct Line<'a> {
    text: String,
    hub: &'a HubName,
    details: Details,
    /// `None` at DEBUG, where every event has its own line.
    since_last_line: Option<u64>,
}

impl Warning {
    /// Logs the event at WARN. `since_last_line` is the number of these events since the previous
    /// line, including this one.
    pub(super) fn warn(self, hub: &HubName, details: Details, since_last_line: u64) {
        let since_last_line = Some(since_last_line);
        let text = self.text(Heard::ByNobody);
        say!(
            self,
            warn,
            WARN,
            Line {
                text,
                hub,
                details,
                since_last_line
            }
        );
    }

    /// Logs the event at DEBUG, where every event is logged.
    pub(crate) fn note(self, heard: Heard, hub: &HubName, details: impl Fn() -> Details) {
        say!(self, debug, DEBUG, {
            let (text, details, since_last_line) = (self.text(heard), details(), None);
            Line {
                text,
                hub,
                details,
                since_last_line,
            }
        });
    }

    fn text(self, heard: Heard) -> String {
        let (what, why) = match self {
            Self::UnknownMethod => (refused(heard), "the hub has no such method"),
            Self::MessageTooLarge => (
                "a connection was ended",
                "its client sent a message beyond `maximum_receive_message_size`",
            ),
            Self::InvalidMessage => (
                "a connection was ended",
                "its client sent what is no message of the hub protocol",
            ),
            Self::NoConnectionToken => (
                "a client negotiated version 0",
                "its connection id, which others may know, is all that opens its connection; update the client, \
                 or set `minimum_protocol_version`",
            ),
            Self::HandshakeRefused(reason) => ("a handshake was refused", reason.text()),
            Self::LetGo(reason) => ("a client was let go", reason.text()),
            Self::AnotherUser => (
                "a request was refused (401 or 403)",
                "the connection that it is for belongs to another user, or the request has no user",
            ),
            Self::Call(_, fault) => (fault.what(heard), fault.text()),
            Self::Deprecated(_) => (
                "a deprecated method was called",
                "a client has not been updated yet",
            ),
        };
        format!("{what}: {why}")
    }
}

const fn refused(heard: Heard) -> &'static str {
    match heard {
        Heard::ByClient => "a call was refused",
        Heard::ByNobody => "a call was refused, and its client is not told why",
    }
}

impl CallFault {
    const fn what(self, heard: Heard) -> &'static str {
        match (self, heard) {
            (Self::StreamItem, _) => "a client's stream was ended",
            (Self::ShownError, Heard::ByClient) => "a call failed",
            (Self::ShownError, Heard::ByNobody) => "a call failed whose client asked for no answer",
            _ => refused(heard),
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::ArgumentCount => "the method has another number of arguments",
            Self::Argument => "an argument does not fit its parameter",
            Self::Streams => "the streams that came with it do not fit the method, or are too many",
            Self::StreamItem => "an item does not fit its type",
            Self::WrongKind => {
                "the method returns a stream and the call asks for none, or the other way round"
            }
            Self::TooManyCalls => "too many calls of its connection run already",
            Self::Unauthorized => "its user may not call the method",
            Self::ShownError => {
                "the method or its policy returned an error that its caller may read"
            }
        }
    }
}

impl HandshakeReason {
    const fn text(self) -> &'static str {
        match self {
            Self::TimedOut => "it did not come within `handshake_timeout`",
            Self::TooLarge => "it is larger than `maximum_receive_message_size`",
            Self::Malformed => "the first message is no handshake",
            Self::UnsupportedFormat => "the transport cannot carry the hub protocol",
            Self::UnsupportedProtocol => {
                "the hub does not speak the protocol (`supported_protocols`)"
            }
            Self::UnsupportedVersion => "the version of the hub protocol is too new",
        }
    }
}

impl LetGo {
    const fn text(self) -> &'static str {
        match self {
            Self::Silent => "nothing came from it within `client_timeout_interval`",
            Self::QueueFull => "more waited for it than `maximum_outbound_buffer_size`",
            Self::NoProgress => {
                "it took too little of what waited for it within `transport_progress_timeout`"
            }
            Self::NodeFull => {
                "all that waits for clients exceeded `maximum_outbound_memory`, and it was the slowest"
            }
            Self::PeerDead => "its system did not respond within `dead_peer_timeouts`",
        }
    }
}
