//! Orders: watched over a hub, shipped over HTTP.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Path, State};
use hubwire::{HubCallerContext, HubContext, HubError, HubResult, hub, hub_client};
use serde::Serialize;

const MAXIMUM_WATCHED_ORDERS: usize = 100;

/// How an order stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderStatus {
    order_id: i64,
    status: &'static str,
}

/// What the server calls on those who watch orders.
#[hub_client]
pub(crate) trait OrdersClient {
    /// An order is on its way.
    fn order_shipped(&self, order: OrderStatus);
}

/// The orders that one connection watches.
#[derive(Clone, Default)]
struct Watched(Arc<Mutex<HashSet<i64>>>);

impl Watched {
    /// Whether there was room for one more.
    fn add(&self, order_id: i64) -> bool {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = orders.len() < MAXIMUM_WATCHED_ORDERS || orders.contains(&order_id);
        if room {
            orders.insert(order_id);
        }
        room
    }
}

/// The hub of those who watch orders.
pub(crate) struct OrdersHub;

#[hub(client = OrdersClient)]
impl OrdersHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.items().insert(Watched::default());
        Ok(())
    }

    /// Hears of an order from now on.
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

/// `POST /api/orders/{id}/ship`: ships an order and tells those who watch it.
pub(crate) async fn ship(
    State(hub): State<HubContext<OrdersHub>>,
    Path(order_id): Path<i64>,
) -> HubResult<Json<OrderStatus>> {
    let order = OrderStatus {
        order_id,
        status: "shipped",
    };
    let watching = hub.clients().group(watchers(order_id));
    watching.order_shipped(order.clone()).await?;
    Ok(Json(order))
}

fn watchers(order_id: i64) -> String {
    format!("order-{order_id}")
}

#[cfg(test)]
mod tests;
