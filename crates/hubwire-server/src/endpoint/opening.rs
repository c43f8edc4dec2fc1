//! What the requests of all transports have in common: finding their connection, and opening it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{Response, StatusCode};
use hubwire_protocol::Transport;

use super::arrival_order::ArrivalOrder;
use super::connection_table::ConnectionToken;
use super::slot::{Attach, Slot};
use super::{HubEndpoint, forwarded, query, response};
use crate::connection::ConnectionRequest;
use crate::hub::{Details, Warning};
use crate::lifetime::DisconnectCount;
use crate::node::KeepRequest;
use crate::transport::SocketHandle;

/// The response to a request that is refused.
pub(super) type Refusal = Box<Response<Body>>;

/// Returns the token that a request names.
pub(super) fn token(parts: &Parts) -> Option<ConnectionToken> {
    let token = query::value(parts.uri.query().unwrap_or_default(), "id")?;
    Some(ConnectionToken::new(token))
}

/// Returns the number of disconnections when a request began; by then nobody had asked whose it is.
/// Where nobody has to be asked, it begins now.
pub(super) fn since(endpoint: &HubEndpoint, parts: &Parts) -> DisconnectCount {
    let begun = parts.extensions.get().copied();
    begun.unwrap_or_else(|| endpoint.hub.lifetime().disconnect_count())
}

/// Finds the connection that a request belongs to, or refuses the request.
pub(super) fn find(
    endpoint: &HubEndpoint,
    token: &ConnectionToken,
    parts: &Parts,
) -> Result<Arc<Slot>, Refusal> {
    match endpoint.table.find(token, endpoint.number) {
        Some(slot) if !slot.is_of(parts.extensions.get()) => {
            Err(Box::new(another_user(endpoint, &slot)))
        }
        Some(slot) => Ok(slot),
        None => Err(Box::new(unknown())),
    }
}

/// Like [`find`], for requests that cannot do without a token.
pub(super) fn require(
    endpoint: &HubEndpoint,
    parts: &Parts,
) -> Result<(ConnectionToken, Arc<Slot>), Refusal> {
    let Some(token) = token(parts) else {
        let refusal = response::text(StatusCode::BAD_REQUEST, "Connection ID required");
        return Err(Box::new(refusal));
    };
    let slot = find(endpoint, &token, parts)?;
    Ok((token, slot))
}

/// Creates the response to a request for a connection that does not exist, or no longer.
pub(super) fn unknown() -> Response<Body> {
    response::text(StatusCode::NOT_FOUND, "No Connection with that ID")
}

/// Creates the response to a request that could not open its connection, because code of the
/// application has panicked.
pub(super) fn failed() -> Refusal {
    Box::new(response::text(StatusCode::INTERNAL_SERVER_ERROR, ""))
}

/// Logs a warning if a request that the endpoint refuses is for a connection of another user's.
pub(super) fn warn_of_another_user(endpoint: &HubEndpoint, parts: &Parts) {
    let slot = token(parts).and_then(|token| endpoint.table.find(&token, endpoint.number));
    if let Some(slot) = slot
        && !slot.is_of(parts.extensions.get())
    {
        endpoint
            .hub
            .warn(Warning::AnotherUser, || Details::of(slot.id()));
    }
}

/// Creates the response to a request for a connection of another user's.
pub(super) fn another_user(endpoint: &HubEndpoint, slot: &Slot) -> Response<Body> {
    let details = || Details::of(slot.id());
    endpoint.hub.warn(Warning::AnotherUser, details);
    response::empty(StatusCode::FORBIDDEN)
}

/// Creates the response to a request of a transport that the endpoint does not allow.
pub(super) fn not_supported(transport: Transport) -> Response<Body> {
    response::text(
        StatusCode::NOT_FOUND,
        match transport {
            Transport::LongPolling => "LongPolling transport not supported by this end point type",
            Transport::ServerSentEvents => {
                "ServerSentEvents transport not supported by this end point type"
            }
            Transport::WebSockets => "WebSockets transport not supported by this end point type",
        },
    )
}

/// Gives a connection to the transport of a request, or refuses one that the endpoint or the
/// connection does not allow.
pub(super) fn attach(
    endpoint: &HubEndpoint,
    slot: &Slot,
    transport: Transport,
    parts: &Parts,
) -> Result<Attach, Refusal> {
    if !endpoint.options.transports.contains(&transport) {
        return Err(Box::new(not_supported(transport)));
    }
    let user = endpoint.current_user(parts.extensions.get().cloned());
    let order = ArrivalOrder::of(parts);
    match endpoint.table.attach(slot, transport, &user, order) {
        Attach::Unknown => Err(Box::new(unknown())),
        Attach::OtherUser => Err(Box::new(another_user(endpoint, slot))),
        Attach::OtherTransport => Err(Box::new(response::text(
            StatusCode::BAD_REQUEST,
            "Cannot change transports mid-connection",
        ))),
        attach => Ok(attach),
    }
}

/// Returns the address of the client, if it is known.
pub(super) fn remote_address(endpoint: &HubEndpoint, parts: &Parts) -> Option<SocketAddr> {
    let trusted = endpoint.hub.node().trusted_proxies();
    forwarded::client_address(trusted, &parts.extensions, &parts.headers)
}

/// Keeps a request that opens a connection.
pub(super) fn kept_with_addresses(
    endpoint: &HubEndpoint,
    slot: &Slot,
    parts: &Parts,
) -> ConnectionRequest {
    with_addresses(kept(endpoint, slot, parts), endpoint, parts)
}

/// Returns the whole request, for a policy: a client that sends much must not hide what it decides
/// by.
pub(super) fn whole(endpoint: &HubEndpoint, parts: &Parts) -> ConnectionRequest {
    let request = ConnectionRequest::new(parts, KeepRequest::WithoutTokens, usize::MAX);
    with_addresses(request, endpoint, parts)
}

fn with_addresses(
    mut request: ConnectionRequest,
    endpoint: &HubEndpoint,
    parts: &Parts,
) -> ConnectionRequest {
    let socket = parts.extensions.get::<SocketHandle>();
    let local = socket.and_then(SocketHandle::local_address);
    request.set_addresses(local, remote_address(endpoint, parts));
    request
}

/// Packs the kept part of the request, and logs a warning if it is incomplete.
fn kept(endpoint: &HubEndpoint, slot: &Slot, parts: &Parts) -> ConnectionRequest {
    let options = &*endpoint.options;
    let maximum = options.maximum_kept_request_size;
    let request = ConnectionRequest::new(parts, options.keep_request, maximum);
    let left_out = request.bytes_left_out();
    let node = endpoint.hub.node();
    if left_out > 0
        && let Some(hits) = node.limits().kept_request.hit(node.now())
    {
        tracing::warn!(
            target: "hubwire::endpoint",
            hits,
            hub = %endpoint.hub.name(),
            connection_id = %slot.id(),
            left_out,
            maximum,
            "a request is not kept whole"
        );
    }
    request
}
