//! A shop that takes orders, and a filter that rejects invalid ones.

mod validation;

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use garde::Validate;
use hubwire::{HubHandle, MapHub, SignalR, hub};
use serde::Deserialize;

use validation::Validation;

#[derive(Deserialize, Validate)]
struct Order {
    #[garde(length(min = 1, max = 40))]
    product: String,
    #[garde(range(min = 1, max = 100))]
    quantity: u32,
}

#[derive(Default)]
struct OrdersHub {
    orders: AtomicU32,
}

#[hub]
impl OrdersHub {
    pub fn place_order(&self, order: Order) -> String {
        let number = 1 + self.orders.fetch_add(1, Ordering::Relaxed);
        format!("order {number}: {} of {}", order.quantity, order.product)
    }
}

fn orders(signalr: &SignalR) -> HubHandle<OrdersHub> {
    let validation = Validation::default().argument::<Order>("PlaceOrder", 0);
    signalr.hub().filter(validation).build(OrdersHub::default())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().init();
    let signalr = SignalR::new();
    let app = Router::new().map_hub("/hubs/orders", orders(&signalr).endpoint());
    let listener = hubwire::listen("127.0.0.1:5002").await?;
    hubwire::serve(listener, app)
        .with(&signalr)
        .until(hubwire::shutdown_signal())
        .await
}

#[cfg(test)]
mod tests {
    use hubwire::testing::TestClient;

    use super::*;

    #[derive(serde::Serialize)]
    struct Sent {
        product: &'static str,
        quantity: u32,
    }

    #[tokio::test(start_paused = true)]
    async fn only_valid_orders_are_placed() {
        let orders = orders(&SignalR::new());
        let mut client = TestClient::connect(&orders.endpoint()).await.unwrap();
        let mut place = async |product, quantity| {
            let order = Sent { product, quantity };
            client.invoke_as::<String>("PlaceOrder", (order,)).await
        };
        assert_eq!(place("tea", 2).await.unwrap(), "order 1: 2 of tea");
        let refused = place("", 101).await.unwrap_err();
        let reasons = "HubException: product: length is lower than 1; quantity: greater than 100";
        assert!(refused.text().ends_with(reasons), "{}", refused.text());
        assert_eq!(
            place("coffee", 100).await.unwrap(),
            "order 2: 100 of coffee"
        );
    }
}
