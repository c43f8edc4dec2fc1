//! What a slot knows of its connection.

use std::sync::Arc;

use hubwire_protocol::Transport;
use tokio::task::AbortHandle;

use super::outcome::Attach;
use crate::connection::{Connection, CurrentUser, Principal};
use crate::endpoint::arrival_order::ArrivalOrder;
use crate::node::ConnectionPermit;
use crate::transport::{InletOwner, PipeReader, inlet};

#[derive(Debug)]
pub(super) enum State {
    Negotiated {
        permit: Option<ConnectionPermit>,
        posted: Option<Posted>,
    },
    Attached {
        transport: Transport,
        /// `None` while the connection is being opened.
        connection: Option<Arc<Connection>>,
        task: Option<AbortHandle>,
        input: SlotInput,
        end_is_told: bool,
        /// The user of the request that has opened the connection, or of the last poll.
        user: CurrentUser,
        /// The place of that request.
        order: ArrivalOrder,
    },
    Ended {
        /// The client polls, and a poll has yet to tell it.
        is_untold: bool,
    },
}

/// What a client has posted before it opened its connection, and what it posts until then.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) by: Option<Principal>,
    pub(super) inlet: InletOwner,
    pub(super) reader: PipeReader,
}

/// Where the input of an attached transport comes from.
#[derive(Debug)]
pub(super) enum SlotInput {
    WebSocket,
    Posts(InletOwner),
    /// The client has left.
    Ended,
}

impl Posted {
    pub(super) fn by(poster: Option<&Principal>) -> Self {
        let (inlet, reader) = inlet();
        Self {
            by: poster.cloned(),
            inlet,
            reader,
        }
    }
}

/// Returns whether a transport may read what was posted: it would run as its opener. A WebSocket
/// reads none of it.
pub(super) fn may_read(
    transport: Transport,
    posted: Option<&Posted>,
    opener: Option<&Principal>,
) -> bool {
    transport == Transport::WebSockets
        || posted.is_none_or(|posted| is_same_user(posted.by.as_ref(), opener))
}

/// Returns whether both are nobody, or the same user. Users without a name identifier are the same
/// if their claims are.
pub(super) fn is_same_user(one: Option<&Principal>, other: Option<&Principal>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => match (one.name_identifier(), other.name_identifier()) {
            (None, None) => lasting_claims(one).eq(lasting_claims(other)),
            (one, other) => one == other,
        },
        _ => false,
    }
}

/// Returns the claims of a user that do not change when a token is renewed (RFC 7519, section 4.1).
fn lasting_claims(principal: &Principal) -> impl Iterator<Item = (&str, &str)> {
    let claims = principal.all_claims();
    claims.filter(|(kind, _)| !["exp", "iat", "jti", "nbf"].contains(kind))
}

impl State {
    /// Returns why a transport cannot use a token that is not waiting for one. A poll keeps the
    /// connection, and its user is the current one, unless a later poll has overtaken it.
    pub(super) fn attach_again(
        &mut self,
        by: Transport,
        polling: &CurrentUser,
        came: ArrivalOrder,
    ) -> Attach {
        match self {
            Self::Attached {
                transport,
                connection,
                user,
                order,
                ..
            } if *transport == by => {
                if by == Transport::LongPolling && came >= *order {
                    *order = came;
                    *user = polling.clone();
                    if let Some(connection) = connection {
                        connection.set_user(polling.clone());
                    }
                }
                Attach::Busy(connection.clone())
            }
            Self::Ended { is_untold: false } => Attach::Unknown,
            Self::Ended { .. } if by == Transport::LongPolling => Attach::Ended,
            Self::Negotiated { .. } | Self::Attached { .. } | Self::Ended { .. } => {
                Attach::OtherTransport
            }
        }
    }

    /// Returns whether the client polls and does not know of an end yet.
    pub(super) fn may_poll(&self) -> bool {
        match self {
            Self::Attached {
                transport: Transport::LongPolling,
                connection: Some(connection),
                end_is_told: false,
                ..
            } => !connection.has_lost_transport(),
            _ => false,
        }
    }
}
