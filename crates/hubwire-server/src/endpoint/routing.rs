//! The response to a request to a hub's path (protocol: "Status table").

use std::future::ready;

use axum::body::Body;
use futures_core::future::BoxFuture;
use http::header::ACCEPT;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};

use super::{HubEndpoint, event_stream, long_polling, posting, response, upgrade};

/// Responds to any request to the hub's own path.
pub(super) fn respond(
    endpoint: &HubEndpoint,
    request: Request<Body>,
) -> BoxFuture<'static, Response<Body>> {
    endpoint.hub.node().start();
    let (parts, body) = request.into_parts();
    let response = match parts.method {
        Method::GET | Method::CONNECT if wants_event_stream(&parts) => {
            event_stream::respond(endpoint, &parts)
        }
        Method::GET | Method::CONNECT => match upgrade::requested(&parts) {
            Some(handshake) => upgrade::respond(endpoint, handshake, parts),
            None => return long_polling::respond(endpoint, &parts),
        },
        Method::POST => return posting::post(endpoint, &parts, body),
        Method::DELETE => posting::delete(endpoint, &parts),
        _ => response::text(StatusCode::METHOD_NOT_ALLOWED, ""),
    };
    Box::pin(ready(response))
}

pub(super) fn wants_event_stream(parts: &Parts) -> bool {
    let accepted = parts.headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|media| media.trim().eq_ignore_ascii_case("text/event-stream"))
}
