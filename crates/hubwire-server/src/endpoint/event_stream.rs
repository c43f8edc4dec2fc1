//! Opening an event stream, which stays open until its connection ends.

use std::future::ready;
use std::sync::Arc;

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PRAGMA,
};
use http::request::Parts;
use http::{Response, StatusCode};
use hubwire_protocol::Transport;

use super::attached::{Attached, spawn_session};
use super::opening::Refusal;
use super::slot::{Attach, SlotInput};
use super::{HubEndpoint, opening, response};
use crate::connection::{Connection, Principal};
use crate::transport::{EventStream, InletOwner, Input, SERVER_SENT_EVENTS, SocketHandle, inlet};

/// Responds to `GET {path}` with `Accept: text/event-stream`.
pub(super) fn respond(endpoint: &HubEndpoint, parts: &Parts) -> Response<Body> {
    match open(endpoint, parts) {
        Ok(stream) => response_of(stream),
        Err(refusal) => *refusal,
    }
}

fn open(endpoint: &HubEndpoint, parts: &Parts) -> Result<EventStream<StreamEnd>, Refusal> {
    let (token, slot) = opening::require(endpoint, parts)?;
    let attach = opening::attach(endpoint, &slot, Transport::ServerSentEvents)?;
    let Attach::Attached(posted) = attach else {
        return Err(Box::new(response::text(StatusCode::CONFLICT, "")));
    };
    let (owner, reader) = posted.unwrap_or_else(inlet);
    slot.set_input(SlotInput::Shared(owner.downgrade()));
    let request = opening::kept_with_addresses(endpoint, &slot, parts);
    let principal = parts.extensions.get::<Principal>().cloned();
    let attached = Attached::new(endpoint, token, Arc::clone(&slot));
    let connection = attached.open(endpoint, request, principal, &SERVER_SENT_EVENTS);
    let puller = connection.outbound().attach_puller();
    if let Some(socket) = parts.extensions.get::<SocketHandle>() {
        socket.watch_event_stream(puller.watch(), endpoint.options.dead_peer_timeouts);
    }
    let session = endpoint.session(
        Arc::clone(&connection),
        &SERVER_SENT_EVENTS,
        Input::Pipe(reader),
    );
    spawn_session(&endpoint.hub, &slot, ready(Some((attached, session))));
    let end = StreamEnd {
        connection,
        _input: owner,
    };
    Ok(EventStream::new(puller, end))
}

/// Ends the connection of an event stream when the stream is gone: its id is then unknown, and its
/// input ends after what was already posted.
#[derive(Debug)]
struct StreamEnd {
    connection: Arc<Connection>,
    _input: InletOwner,
}

impl Drop for StreamEnd {
    fn drop(&mut self) {
        self.connection.lose_transport();
    }
}

fn response_of(stream: EventStream<StreamEnd>) -> Response<Body> {
    let mut response = Response::new(Body::new(stream));
    add_headers(response.headers_mut());
    response
}

fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-cache,no-store"),
        (PRAGMA, "no-cache"),
        // Compression would hold events back, and so would a proxy that buffers.
        (CONTENT_ENCODING, "identity"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
