//! The shop's routes.

use std::net::SocketAddr;

use axum::Router;
use axum::middleware::{from_fn, map_response};
use axum::routing::{get, post};
use hubwire::{MapHub, SignalR};

use crate::chat::ChatHub;
use crate::orders::{self, OrdersHub};
use crate::{guard, page};

/// Returns the routes of everything that the shop serves at `address`.
pub(crate) fn router(signalr: &SignalR, address: SocketAddr) -> Router {
    let chat = signalr.hub().build(ChatHub);
    let orders = signalr.hub().build(OrdersHub);
    let router = Router::new()
        .map_hub("/hubs/chat", chat.endpoint())
        .map_hub("/hubs/orders", orders.endpoint())
        .route("/api/orders/{id}/ship", post(orders::ship))
        .route("/", get(page::index))
        .fallback(page::file)
        .with_state(orders.context())
        .layer(from_fn(guard::same_origin));
    let router = if address.ip().is_loopback() {
        router.layer(from_fn(guard::loopback_host))
    } else {
        router
    };
    router.layer(map_response(guard::no_sniffing))
}

#[cfg(test)]
mod tests;
