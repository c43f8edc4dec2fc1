//! Polls: the first opens the connection, and later ones wait for messages.

use std::future::{poll_fn, ready};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_core::future::BoxFuture;
use http::request::Parts;
use http::{Response, StatusCode};
use hubwire_protocol::Transport;
use tokio::time::timeout;

use super::attached::{Attached, spawn_session};
use super::connection_table::ConnectionToken;
use super::opening::Refusal;
use super::slot::{Attach, Posted, Slot, SlotInput};
use super::{HubEndpoint, opening, response};
use crate::connection::Principal;
use crate::outbound::Puller;
use crate::transport::{Input, LONG_POLLING, PollBody, SocketHandle, inlet};

/// Responds to a GET that is neither an event stream nor an upgrade.
pub(super) fn respond(endpoint: &HubEndpoint, parts: &Parts) -> BoxFuture<'static, Response<Body>> {
    match begin(endpoint, parts) {
        Ok(poll) => Box::pin(poll.run()),
        Err(response) => Box::pin(ready(response::poll(*response))),
    }
}

/// Returns a poll that waits, or the response if there is nothing to wait for.
fn begin(endpoint: &HubEndpoint, parts: &Parts) -> Result<Poll, Refusal> {
    let (token, slot) = opening::require(endpoint, parts)?;
    match opening::attach(endpoint, &slot, Transport::LongPolling)? {
        Attach::Attached(posted) => {
            open(endpoint, parts, (token, slot), posted);
            Err(Box::new(response::bytes(Body::empty())))
        }
        Attach::Busy | Attach::OtherTransport => {
            let Some(connection) = slot.connection() else {
                // The first poll is about to open it.
                return Err(Box::new(response::text(StatusCode::CONFLICT, "")));
            };
            Ok(Poll {
                // This ends a poll that is still waiting.
                puller: connection.outbound().attach_puller(),
                endpoint: endpoint.clone(),
                token,
                slot,
                socket: parts.extensions.get::<SocketHandle>().cloned(),
            })
        }
        Attach::Ended => {
            endpoint.table.tell_end(&token, &slot);
            Err(Box::new(response::text(StatusCode::NO_CONTENT, "")))
        }
    }
}

/// Opens the connection; its messages wait for the next poll.
fn open(
    endpoint: &HubEndpoint,
    parts: &Parts,
    (token, slot): (ConnectionToken, Arc<Slot>),
    posted: Option<Posted>,
) {
    let (owner, reader) = posted.unwrap_or_else(inlet);
    slot.set_input(SlotInput::Owned(owner));
    let request = opening::kept_with_addresses(endpoint, &slot, parts);
    let principal = parts.extensions.get::<Principal>().cloned();
    let attached = Attached::new(endpoint, token, Arc::clone(&slot));
    let connection = attached.open(endpoint, request, principal, &LONG_POLLING);
    let session = endpoint.session(connection, &LONG_POLLING, Input::Pipe(reader));
    spawn_session(&endpoint.hub, &slot, ready(Some((attached, session))));
}

/// A poll that waits for messages.
struct Poll {
    puller: Puller,
    endpoint: HubEndpoint,
    token: ConnectionToken,
    slot: Arc<Slot>,
    socket: Option<SocketHandle>,
}

impl Poll {
    async fn run(mut self) -> Response<Body> {
        let limit = self.endpoint.options.poll_timeout;
        let pulled = timeout(limit, pull(&mut self.puller)).await;
        response::poll(match pulled {
            Ok(Some(parts)) => {
                if let Some(socket) = &self.socket {
                    socket.watch_poll(self.puller.watch());
                }
                response::bytes(Body::new(PollBody::new(parts, self.puller)))
            }
            Ok(None) => {
                // Otherwise, another poll has taken the place of this one.
                if self.puller.is_gone() {
                    self.endpoint.table.tell_end(&self.token, &self.slot);
                }
                response::text(StatusCode::NO_CONTENT, "")
            }
            Err(_) => response::text(StatusCode::OK, ""),
        })
    }
}

/// Waits for messages and takes all of them.
async fn pull(puller: &mut Puller) -> Option<Vec<Bytes>> {
    loop {
        let parts = poll_fn(|cx| puller.poll_pull(cx, usize::MAX)).await?;
        // Everything that was queued may have been dropped in favour of newer messages.
        if !parts.is_empty() {
            return Some(parts);
        }
    }
}
