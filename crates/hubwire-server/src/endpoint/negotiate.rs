//! The response to a negotiation: an id, a token, and the available transports.

use axum::body::Body;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use hubwire_core::ConnectionId;
use hubwire_protocol::{
    AvailableTransport, NegotiateResponse, NegotiatedConnection, Transport,
    choose_negotiate_version,
};

use super::connection_table::{ConnectionToken, Slot};
use super::{HubEndpoint, query, response};
use crate::connection::Principal;
use crate::hub::{Details, Warning};

/// Responds to `POST {path}/negotiate`.
pub(super) fn respond(endpoint: &HubEndpoint, parts: &Parts) -> Response<Body> {
    if parts.method != Method::POST {
        return response::text(StatusCode::METHOD_NOT_ALLOWED, "");
    }
    let node = endpoint.hub.node();
    node.start();
    if node.is_draining() {
        return response::text(
            StatusCode::SERVICE_UNAVAILABLE,
            "The server is shutting down.",
        );
    }
    let versions = query::values(parts.uri.query().unwrap_or_default(), "negotiateVersion");
    let minimum = endpoint.options.minimum_protocol_version;
    let negotiated = match choose_negotiate_version(versions, minimum) {
        Ok(version) => accept(endpoint, parts, version),
        Err(refusal) => Some(NegotiateResponse::refused(refusal)),
    };
    match negotiated {
        Some(negotiated) => response::json(negotiated.to_json()),
        None => {
            if let Some(hits) = node.limits().negotiated.hit(node.now()) {
                let hub = endpoint.hub.name();
                tracing::warn!(target: "hubwire::negotiate", hits, %hub, "too many ids wait for their connections");
            }
            response::text(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many connections are being opened.",
            )
        }
    }
}

/// Returns `None` if too many ids are waiting for their connections.
fn accept(endpoint: &HubEndpoint, parts: &Parts, version: i32) -> Option<NegotiateResponse> {
    let node = endpoint.hub.node();
    let id = node.random().text::<16>();
    let token = match version {
        // Version 0 has no token: the id itself opens the connection.
        ..1 => id.clone(),
        1.. => format!("{}.{}", node.random().text::<16>(), node.id()),
    };
    let slot = Slot::new(
        endpoint.number,
        ConnectionId::from(id.as_str()),
        parts.extensions.get::<Principal>().cloned(),
    );
    let kept = endpoint
        .table
        .negotiate(ConnectionToken::new(token.as_str()), slot, node.now());
    if kept && version < 1 {
        // The id opens the connection, so it is not logged.
        endpoint
            .hub
            .warn(Warning::NoConnectionToken, Details::default);
    }
    kept.then(|| {
        NegotiateResponse::Connection(NegotiatedConnection {
            use_stateful_reconnect: false,
            negotiate_version: version,
            connection_id: id,
            connection_token: (version >= 1).then_some(token),
            available_transports: vec![AvailableTransport::from(Transport::WebSockets)],
        })
    })
}
