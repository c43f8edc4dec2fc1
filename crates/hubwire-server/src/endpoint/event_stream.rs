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
use super::slot::{Attach, Slot};
use super::{HubEndpoint, opening, response};
use crate::connection::Connection;
use crate::transport::{EventStream, Input, PipeReader, SERVER_SENT_EVENTS, SocketHandle};

/// Responds to `GET {path}` with `Accept: text/event-stream`.
pub(super) fn respond(endpoint: &HubEndpoint, parts: &Parts) -> Response<Body> {
    match open(endpoint, parts) {
        Ok(stream) => response_of(stream),
        Err(refusal) => *refusal,
    }
}

fn open(endpoint: &HubEndpoint, parts: &Parts) -> Result<EventStream<StreamEnd>, Refusal> {
    let (token, slot) = opening::require(endpoint, parts)?;
    let attach = opening::attach(endpoint, &slot, Transport::ServerSentEvents, parts)?;
    let Attach::Posting(reader) = attach else {
        return Err(Box::new(response::text(StatusCode::CONFLICT, "")));
    };
    let since = opening::since(endpoint, parts);
    let attached = Attached::new(endpoint, token, slot, since);
    attached
        .opened_by(|attached| opened(endpoint, parts, attached, reader))
        .ok_or_else(opening::failed)
}

/// Opens the connection, and its stream.
fn opened(
    endpoint: &HubEndpoint,
    parts: &Parts,
    attached: Attached,
    reader: PipeReader,
) -> EventStream<StreamEnd> {
    let slot = Arc::clone(attached.slot());
    let request = opening::kept_with_addresses(endpoint, &slot, parts);
    let connection = attached.open(endpoint, request, &SERVER_SENT_EVENTS);
    let puller = connection.outbound().attach_puller();
    if let Some(socket) = parts.extensions.get::<SocketHandle>() {
        socket.watch_stream(puller.watch(), endpoint.options.dead_peer_timeouts);
    }
    let session = endpoint.session(
        Arc::clone(&connection),
        &SERVER_SENT_EVENTS,
        Input::Pipe(reader),
    );
    spawn_session(&endpoint.hub, &slot, ready(Some((attached, session))));
    EventStream::new(puller, StreamEnd { connection, slot })
}

/// Ends the connection of an event stream when the stream is gone: its id is then unknown, and its
/// input ends after what was already posted.
#[derive(Debug)]
struct StreamEnd {
    connection: Arc<Connection>,
    slot: Arc<Slot>,
}

impl Drop for StreamEnd {
    fn drop(&mut self) {
        // The slot may have lost its connection already.
        self.connection.lose_transport();
        self.slot.lose_transport();
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
