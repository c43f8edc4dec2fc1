//! Polls: the first opens the connection, and later ones wait for messages.

use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_core::future::BoxFuture;
use http::request::Parts;
use http::{Response, StatusCode};
use hubwire_protocol::Transport;
use tokio::time::timeout;

use super::attached::{Attached, spawn_session};
use super::connection_table::ConnectionToken;
use super::opening::Refusal;
use super::slot::{Attach, Slot};
use super::{HubEndpoint, opening, response};
use crate::outbound::Puller;
use crate::transport::{Input, LONG_POLLING, PipeReader, PollBody, SocketHandle};

/// How long a poll waits for the Close of a shutdown once there is something else.
const LAST_MESSAGE_TIMEOUT: Duration = Duration::from_secs(1);

/// Responds to a GET that is neither an event stream nor an upgrade.
pub(super) fn respond(endpoint: &HubEndpoint, parts: &Parts) -> BoxFuture<'static, Response<Body>> {
    match begin(endpoint, parts) {
        Ok((poll, puller)) => Box::pin(poll.run(puller)),
        Err(response) => Box::pin(ready(response::poll(*response))),
    }
}

/// Returns a poll that waits, or the response if there is nothing to wait for. The poll has no
/// puller if the connection is being opened by another one.
fn begin(endpoint: &HubEndpoint, parts: &Parts) -> Result<(Poll, Option<Puller>), Refusal> {
    let (token, slot) = opening::require(endpoint, parts)?;
    match opening::attach(endpoint, &slot, Transport::LongPolling, parts)? {
        Attach::Posting(reader) => {
            let since = opening::since(endpoint, parts);
            let attached = Attached::new(endpoint, token, slot, since);
            attached
                .opened_by(|attached| open(endpoint, parts, attached, reader))
                .ok_or_else(opening::failed)?;
            Err(Box::new(response::bytes(Body::empty())))
        }
        Attach::Busy(connection) => {
            // This ends a poll that is still waiting.
            let puller = connection.map(|connection| connection.outbound().attach_puller());
            let poll = Poll {
                endpoint: endpoint.clone(),
                token,
                slot,
                socket: parts.extensions.get::<SocketHandle>().cloned(),
            };
            Ok((poll, puller))
        }
        Attach::Ended => {
            endpoint.table.tell_end(&token, &slot);
            Err(Box::new(response::text(StatusCode::NO_CONTENT, "")))
        }
        // Only other transports get these, or `opening::attach` has refused them.
        Attach::WebSocket | Attach::OtherTransport | Attach::OtherUser | Attach::Unknown => {
            Err(Box::new(opening::unknown()))
        }
    }
}

/// Opens the connection; its messages wait for the next poll.
fn open(endpoint: &HubEndpoint, parts: &Parts, attached: Attached, reader: PipeReader) {
    let slot = Arc::clone(attached.slot());
    let request = opening::kept_with_addresses(endpoint, &slot, parts);
    let connection = attached.open(endpoint, request, &LONG_POLLING);
    let session = endpoint.session(connection, &LONG_POLLING, Input::Pipe(reader));
    spawn_session(&endpoint.hub, &slot, ready(Some((attached, session))));
}

/// A poll that waits for messages.
struct Poll {
    endpoint: HubEndpoint,
    token: ConnectionToken,
    slot: Arc<Slot>,
    socket: Option<SocketHandle>,
}

impl Poll {
    async fn run(self, puller: Option<Puller>) -> Response<Body> {
        let limit = self.endpoint.options.poll_timeout;
        response::poll(match timeout(limit, self.pulled(puller)).await {
            Ok(response) => response,
            Err(_) => {
                self.endpoint.hub.node().limits().poll_timeout.count();
                response::text(StatusCode::OK, "")
            }
        })
    }

    async fn pulled(&self, puller: Option<Puller>) -> Response<Body> {
        let puller = match puller {
            None => self
                .slot
                .opened()
                .await
                .map(|it| it.outbound().attach_puller()),
            puller => puller,
        };
        let Some(mut puller) = puller else {
            return self.ended();
        };
        poll_fn(|cx| puller.poll_ready(cx)).await;
        if self.endpoint.hub.node().is_draining() {
            // Others' ends may have been told first, and the client would have to poll once more
            // for its own. Without it, it gets what there is.
            let last = poll_fn(|cx| puller.poll_last(cx));
            let _ = timeout(LAST_MESSAGE_TIMEOUT, last).await;
        }
        match poll_fn(|cx| puller.poll_claim(cx)).await {
            Some(size) => {
                if let Some(socket) = &self.socket {
                    socket.watch(puller.watch());
                }
                response::bytes(Body::new(PollBody::new(size, puller, self.socket.clone())))
            }
            None if puller.is_gone() => self.ended(),
            // Another poll has taken the place of this one.
            None => response::text(StatusCode::NO_CONTENT, ""),
        }
    }

    /// Tells the client of the end of its connection.
    fn ended(&self) -> Response<Body> {
        self.endpoint.table.tell_end(&self.token, &self.slot);
        response::text(StatusCode::NO_CONTENT, "")
    }
}
