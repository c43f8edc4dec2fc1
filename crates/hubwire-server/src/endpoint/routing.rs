//! The response to a request to a hub's path (protocol: "Status table").

use axum::body::Body;
use http::header::ACCEPT;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use hubwire_protocol::Transport;

use super::connection_table::{ConnectionToken, Slot};
use super::{HubEndpoint, query, response, upgrade};

/// Responds to any request to the hub's own path.
pub(super) fn respond(endpoint: &HubEndpoint, request: Request<Body>) -> Response<Body> {
    endpoint.hub.node().start();
    let (parts, _body) = request.into_parts();
    match parts.method {
        Method::GET if upgrade::is_requested(&parts) => upgrade::respond(endpoint, parts),
        Method::GET | Method::CONNECT => get(endpoint, &parts),
        Method::POST => with_slot(endpoint, &parts, |_| {
            // Everything attached or negotiated is a WebSocket, so POST is never allowed.
            response::text(
                StatusCode::METHOD_NOT_ALLOWED,
                "POST requests are not allowed for WebSocket connections.",
            )
        }),
        Method::DELETE => with_slot(endpoint, &parts, |_| {
            response::text(
                StatusCode::BAD_REQUEST,
                "Cannot terminate this connection using the DELETE endpoint.",
            )
        }),
        _ => response::text(StatusCode::METHOD_NOT_ALLOWED, ""),
    }
}

/// Refuses the transports that read by GET. They do not exist yet, and are refused like transports
/// that are switched off.
fn get(endpoint: &HubEndpoint, parts: &Parts) -> Response<Body> {
    let transport = if wants_event_stream(parts) {
        Transport::ServerSentEvents
    } else {
        Transport::LongPolling
    };
    let response = with_slot(endpoint, parts, |_| {
        response::text(
            StatusCode::NOT_FOUND,
            match transport {
                Transport::ServerSentEvents => {
                    "ServerSentEvents transport not supported by this end point type"
                }
                _ => "LongPolling transport not supported by this end point type",
            },
        )
    });
    match transport {
        Transport::ServerSentEvents => response,
        _ => response::poll(response),
    }
}

fn wants_event_stream(parts: &Parts) -> bool {
    let accepted = parts.headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|media| media.trim().eq_ignore_ascii_case("text/event-stream"))
}

fn with_slot(
    endpoint: &HubEndpoint,
    parts: &Parts,
    respond: impl FnOnce(&Slot) -> Response<Body>,
) -> Response<Body> {
    let Some(token) = query::value(parts.uri.query().unwrap_or_default(), "id") else {
        return response::text(StatusCode::BAD_REQUEST, "Connection ID required");
    };
    let token = ConnectionToken::new(token);
    match endpoint.table.find(&token, endpoint.number) {
        Some(slot) if !upgrade::is_same_user(&slot, parts) => {
            response::empty(StatusCode::FORBIDDEN)
        }
        Some(slot) => respond(&slot),
        None => response::text(StatusCode::NOT_FOUND, "No Connection with that ID"),
    }
}
