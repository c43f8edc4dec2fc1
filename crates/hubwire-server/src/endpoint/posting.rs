//! POST, by which clients of event streams and long polling send, and DELETE, by which the latter
//! leave.

use std::future::ready;
use std::sync::Arc;

use axum::body::Body;
use futures_core::future::BoxFuture;
use http::request::Parts;
use http::{Response, StatusCode};
use hubwire_protocol::Transport;

use super::opening::Refusal;
use super::slot::{Receiver, Slot, Termination};
use super::{HubEndpoint, opening, response};
use crate::node::Node;
use crate::transport::{Inlet, NotWritten};

/// Responds to a POST.
pub(super) fn post(
    endpoint: &HubEndpoint,
    parts: &Parts,
    body: Body,
) -> BoxFuture<'static, Response<Body>> {
    match receiver(endpoint, parts) {
        Ok(inlet) => Box::pin(write(Arc::clone(endpoint.hub.node()), inlet, body)),
        Err(refusal) => Box::pin(ready(*refusal)),
    }
}

/// Finds what receives a POST, or refuses it.
fn receiver(endpoint: &HubEndpoint, parts: &Parts) -> Result<Arc<Inlet>, Refusal> {
    let slot = slot(endpoint, parts)?;
    let has_ended = |slot: &Slot| {
        let connection = slot.connection();
        connection.is_some_and(|connection| connection.outbound().is_finished())
    };
    let only_web_sockets = endpoint.options.transports == [Transport::WebSockets];
    let receiver = match only_web_sockets {
        true => Receiver::WebSocket,
        false => slot.receiver(parts.extensions.get()),
    };
    match receiver {
        Receiver::Inlet(inlet) if !has_ended(&slot) => Ok(inlet),
        Receiver::Inlet(_) | Receiver::Nobody => Err(Box::new(closing())),
        Receiver::OtherUser => Err(Box::new(opening::another_user(endpoint, &slot))),
        Receiver::WebSocket => Err(Box::new(response::text(
            StatusCode::METHOD_NOT_ALLOWED,
            "POST requests are not allowed for WebSocket connections.",
        ))),
    }
}

/// Responds to a POST once its whole body is with the connection.
async fn write(node: Arc<Node>, inlet: Arc<Inlet>, body: Body) -> Response<Body> {
    match inlet.write(body.into_data_stream(), node.limits()).await {
        Ok(()) => response::text(StatusCode::OK, ""),
        Err(NotWritten::Closed) => closing(),
        Err(NotWritten::BodyFailed) => response::text(StatusCode::BAD_REQUEST, ""),
    }
}

/// Responds to DELETE; the id is unknown from then on.
pub(super) fn delete(endpoint: &HubEndpoint, parts: &Parts) -> Response<Body> {
    let slot = match slot(endpoint, parts) {
        Ok(slot) => slot,
        Err(refusal) => return *refusal,
    };
    match slot.terminate(parts.extensions.get()) {
        Termination::Begun => response::text(StatusCode::ACCEPTED, ""),
        Termination::NotPolling => response::text(
            StatusCode::BAD_REQUEST,
            "Cannot terminate this connection using the DELETE endpoint.",
        ),
        Termination::Unknown => opening::unknown(),
        Termination::OtherUser => opening::another_user(endpoint, &slot),
    }
}

/// Finds the connection, unless it has ended and only a poll may still ask for it.
fn slot(endpoint: &HubEndpoint, parts: &Parts) -> Result<Arc<Slot>, Refusal> {
    let (_, slot) = opening::require(endpoint, parts)?;
    match slot.has_ended() {
        true => Err(Box::new(opening::unknown())),
        false => Ok(slot),
    }
}

/// Creates the response to a POST to a connection that ends.
fn closing() -> Response<Body> {
    response::text(StatusCode::NOT_FOUND, "")
}
