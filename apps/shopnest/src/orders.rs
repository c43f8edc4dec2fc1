//! Orders: watched over a hub, shipped over HTTP.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Path, State};
use hubwire::{HubCallerContext, HubContext, HubError, HubResult, hub, hub_client};
use serde::Serialize;

use crate::login::Admin;
use crate::metrics;

const MAXIMUM_WATCHED_ORDERS: usize = 100;

/// The status of an order.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderStatus {
    order_id: i64,
    status: &'static str,
}

/// The methods that the server calls on clients that watch orders.
#[hub_client]
pub(crate) trait OrdersClient {
    /// An order has been shipped.
    fn order_shipped(&self, order: OrderStatus);
}

/// The orders that one connection watches.
#[derive(Clone, Default)]
struct Watched(Arc<Mutex<HashSet<i64>>>);

impl Watched {
    /// Adds an order; returns whether there was space for one more.
    fn add(&self, order_id: i64) -> bool {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = orders.len() < MAXIMUM_WATCHED_ORDERS || orders.contains(&order_id);
        if room {
            orders.insert(order_id);
        }
        room
    }
}

/// The hub for clients that watch orders.
pub(crate) struct OrdersHub;

#[hub(client = OrdersClient)]
impl OrdersHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.items().insert(Watched::default());
        Ok(())
    }

    /// Watches an order: the client is told about it from now on.
    pub async fn watch_order(&self, cx: &HubCallerContext<Self>, order_id: i64) -> HubResult {
        let watched = cx.items().get::<Watched>().unwrap_or_default();
        if !watched.add(order_id) {
            return Err(HubError::new("You are watching too many orders"));
        }
        cx.groups()
            .add(cx.connection_id(), watchers(order_id))
            .await?;
        Ok(())
    }
}

/// `POST /api/orders/{id}/ship`: ships an order and tells the clients that watch it. Only an admin
/// may.
pub(crate) async fn ship(
    _: Admin,
    State(hub): State<HubContext<OrdersHub>>,
    Path(order_id): Path<i64>,
) -> HubResult<Json<OrderStatus>> {
    let order = OrderStatus {
        order_id,
        status: "shipped",
    };
    let watching = hub.clients().group(watchers(order_id));
    watching.order_shipped(order.clone()).await?;
    metrics::order_shipped();
    Ok(Json(order))
}

fn watchers(order_id: i64) -> String {
    format!("order-{order_id}")
}

#[cfg(test)]
mod tests;
