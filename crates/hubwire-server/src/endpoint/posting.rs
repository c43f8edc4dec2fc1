//! POST, by which clients of event streams and long polling send, and DELETE, by which the latter
//! leave.

use std::future::ready;
use std::sync::Arc;

use axum::body::Body;
use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use hubwire_protocol::Transport;

use super::opening::Refusal;
use super::slot::{Receiver, Slot};
use super::{HubEndpoint, opening, response};
use crate::node::Node;
use crate::transport::{Inlet, NotWritten};

/// Responds to a POST.
pub(super) fn post(
    endpoint: &HubEndpoint,
    parts: &Parts,
    body: Body,
) -> BoxFuture<'static, Response<Body>> {
    let response: BoxFuture<'static, _> = match receiver(endpoint, parts) {
        Ok(inlet) => Box::pin(write(Arc::clone(endpoint.hub.node()), inlet, body)),
        Err(refusal) => Box::pin(ready(*refusal)),
    };
    match parts.headers.contains_key(TRANSFER_ENCODING) {
        true => Box::pin(response.map(closing_connection)),
        false => response,
    }
}

/// Ends the connection of a request in chunks after its response. It may also have had a length,
/// by which a proxy in front may read it; what follows it is then no request (RFC 9112, section
/// 6.1). The HTTP library does not tell.
fn closing_connection(mut response: Response<Body>) -> Response<Body> {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
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
        false => slot.receiver(),
    };
    match receiver {
        Receiver::Inlet(inlet) if !has_ended(&slot) => Ok(inlet),
        Receiver::Inlet(_) | Receiver::Nobody => Err(Box::new(closing())),
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
    match slot(endpoint, parts) {
        Ok(slot) if slot.terminate() => response::text(StatusCode::ACCEPTED, ""),
        Ok(_) => response::text(
            StatusCode::BAD_REQUEST,
            "Cannot terminate this connection using the DELETE endpoint.",
        ),
        Err(refusal) => *refusal,
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
