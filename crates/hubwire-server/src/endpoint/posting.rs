//! POST, by which clients of event streams and long polling send, and DELETE, by which the latter
//! leave.

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{Response, StatusCode};
use hubwire_protocol::Transport;

use super::slot::{Receiver, Slot};
use super::{HubEndpoint, opening, response};
use crate::transport::{Inlet, NotWritten};

/// Finds what receives a POST, or refuses it.
pub(super) fn receiver(
    endpoint: &HubEndpoint,
    parts: &Parts,
) -> Result<Arc<Inlet>, Response<Body>> {
    let slot = slot(endpoint, parts)?;
    let has_ended = |slot: &Slot| {
        let connection = slot.connection();
        connection.is_some_and(|connection| connection.outbound().is_finished())
    };
    let only_web_sockets = endpoint.options.transports == [Transport::WebSockets];
    let receiver = match only_web_sockets {
        true => Receiver::WebSocket,
        false => slot.receiver(),
    };
    match receiver {
        Receiver::Inlet(inlet) if !has_ended(&slot) => Ok(inlet),
        Receiver::Inlet(_) | Receiver::Nobody => Err(closing()),
        Receiver::WebSocket => Err(response::text(
            StatusCode::METHOD_NOT_ALLOWED,
            "POST requests are not allowed for WebSocket connections.",
        )),
    }
}

/// Responds to a POST once its whole body is with the connection.
pub(super) async fn write(inlet: Arc<Inlet>, body: Body) -> Response<Body> {
    match inlet.write(body.into_data_stream()).await {
        Ok(()) => response::text(StatusCode::OK, ""),
        Err(NotWritten::Closed) => closing(),
        Err(NotWritten::BodyFailed) => response::text(StatusCode::BAD_REQUEST, ""),
    }
}

/// Responds to DELETE; the id is unknown from then on.
pub(super) fn delete(endpoint: &HubEndpoint, parts: &Parts) -> Response<Body> {
    match slot(endpoint, parts) {
        Ok(slot) if slot.terminate() => response::text(StatusCode::ACCEPTED, ""),
        Ok(_) => response::text(
            StatusCode::BAD_REQUEST,
            "Cannot terminate this connection using the DELETE endpoint.",
        ),
        Err(refusal) => refusal,
    }
}

/// Finds the connection, unless it has ended and only a poll may still ask for it.
fn slot(endpoint: &HubEndpoint, parts: &Parts) -> Result<Arc<Slot>, Response<Body>> {
    let (_, slot) = opening::require(endpoint, parts)?;
    match slot.has_ended() {
        true => Err(opening::unknown()),
        false => Ok(slot),
    }
}

/// Creates the response to a POST to a connection that ends.
fn closing() -> Response<Body> {
    response::text(StatusCode::NOT_FOUND, "")
}
