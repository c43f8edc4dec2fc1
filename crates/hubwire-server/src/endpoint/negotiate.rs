//! The response to a negotiation: an id, a token, and the available transports.

use axum::body::Body;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use hubwire_core::ConnectionId;
use hubwire_protocol::{
    AvailableTransport, NegotiateResponse, NegotiatedConnection, Transport,
    choose_negotiate_version,
};
use tracing::field;

use super::connection_table::{ConnectionToken, Full};
use super::slot::Slot;
use super::{HubEndpoint, opening, query, response};
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
        return response::empty(StatusCode::SERVICE_UNAVAILABLE);
    }
    let versions = query::values(parts.uri.query().unwrap_or_default(), "negotiateVersion");
    let minimum = endpoint.options.minimum_protocol_version;
    let negotiated = match choose_negotiate_version(versions, minimum) {
        Ok(version) => accept(endpoint, parts, version),
        Err(refusal) => Ok(NegotiateResponse::refused(refusal)),
    };
    match negotiated {
        Ok(negotiated) => response::json(negotiated.to_json()),
        Err(full) => {
            warn(endpoint, parts, full);
            response::empty(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn warn(endpoint: &HubEndpoint, parts: &Parts, full: Full) {
    let (hub, node) = (endpoint.hub.name(), endpoint.hub.node());
    match full {
        Full::Address => {
            if let Some(hits) = node.limits().negotiated_per_address.hit(node.now()) {
                let address = opening::remote_address(endpoint, parts);
                let address = address.map(|it| field::display(it.ip()));
                tracing::warn!(target: "hubwire::negotiate", hits, %hub, address, "too many ids of one address wait for their connections");
            }
        }
        Full::All => {
            if let Some(hits) = node.limits().negotiated.hit(node.now()) {
                tracing::warn!(target: "hubwire::negotiate", hits, %hub, "too many ids wait for their connections");
            }
        }
    }
}

/// Reserves an id for a connection, unless too many ids are waiting for their connections.
fn accept(endpoint: &HubEndpoint, parts: &Parts, version: i32) -> Result<NegotiateResponse, Full> {
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
    let address = opening::remote_address(endpoint, parts).map(|address| address.ip());
    let key = ConnectionToken::new(token.as_str());
    let expires = node.after(endpoint.options.disconnect_timeout);
    endpoint.table.negotiate(&key, slot, address, expires)?;
    if version < 1 {
        // The id opens the connection, so it is not logged.
        endpoint
            .hub
            .warn(Warning::NoConnectionToken, Details::default);
    }
    let offered = Transport::ALL
        .into_iter()
        .filter(|transport| endpoint.options.transports.contains(transport));
    Ok(NegotiateResponse::Connection(NegotiatedConnection {
        use_stateful_reconnect: false,
        negotiate_version: version,
        connection_id: id,
        connection_token: (version >= 1).then_some(token),
        available_transports: offered.map(AvailableTransport::from).collect(),
    }))
}
