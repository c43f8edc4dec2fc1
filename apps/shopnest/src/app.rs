//! The shop's routes.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, map_response};
use axum::routing::{get, post};
use hubwire::auth::Policy;
use hubwire::{HubEndpoint, HubHandle, MapHub, SignalR};

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
    let router = Router::new()
        .map_hub("/hubs/chat", with_token(chat.endpoint()))
        .map_hub("/hubs/orders", with_token(orders.endpoint()))
        .map_hub("/hubs/notifications", with_token(notifications.endpoint()))
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

/// Lets only those with a token connect. When it expires, their clients reconnect, with one that has been
/// renewed.
fn with_token(endpoint: HubEndpoint) -> HubEndpoint {
    endpoint
        .authorize(Policy::authenticated())
        .close_on_authentication_expiration(true)
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
