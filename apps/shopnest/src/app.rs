//! The shop's routes.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, map_response};
use axum::routing::{get, post};
use hubwire::auth::Policy;
use hubwire::{HubHandle, MapHub, SignalR};

use crate::chat::ChatHub;
use crate::login::{Login, login};
use crate::notifications::NotificationHub;
use crate::orders::{self, OrdersHub};
use crate::{guard, page};

/// Returns the routes of everything that the shop serves at `address`.
pub(crate) fn router(signalr: &SignalR, visitors: Arc<Login>, address: SocketAddr) -> Router {
    let chat = signalr.hub().build(ChatHub);
    let orders = signalr.hub().build(OrdersHub);
    let notifications = signalr.hub().build(NotificationHub);
    let signed_in = Policy::authenticated;
    let router = Router::new()
        .map_hub("/hubs/chat", chat.endpoint().authorize(signed_in()))
        .map_hub("/hubs/orders", orders.endpoint().authorize(signed_in()))
        .map_hub(
            "/hubs/notifications",
            notifications.endpoint().authorize(signed_in()),
        )
        .merge(api(signalr, &orders, visitors))
        .route("/", get(page::index))
        .fallback(page::file)
        .layer(from_fn(guard::same_origin));
    let router = if address.ip().is_loopback() {
        router.layer(from_fn(guard::loopback_host))
    } else {
        router
    };
    router.layer(map_response(guard::no_sniffing))
}

/// Returns the routes at which requests may have a user.
fn api(signalr: &SignalR, orders: &HubHandle<OrdersHub>, visitors: Arc<Login>) -> Router {
    let ship = Router::new()
        .route("/api/orders/{id}/ship", post(orders::ship))
        .with_state(orders.context());
    let login = Router::new()
        .route("/api/login", post(login))
        .with_state(visitors);
    ship.merge(login)
        .route_layer(signalr.authentication_layer())
}

#[cfg(test)]
mod tests;
