//! 001 and 002: controllers that push when an order is shipped.

use axum::body::Body;
use axum::extract::{FromRef, Path, State};
use axum::routing::post;
use http::{Request, StatusCode};
use hubwire::{HubContext, HubResult, MapHub, SignalR, hub};
use serde::Serialize;
use serde_json::json;
use tower::ServiceExt;
use uuid::Uuid;

use super::*;

struct ChatHub;

#[hub]
impl ChatHub {}

struct NotificationHub;

#[hub]
impl NotificationHub {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShippedOrder {
    order_id: i32,
    status: &'static str,
}

#[derive(Clone)]
struct App {
    chat: HubContext<ChatHub>,
    notifications: HubContext<NotificationHub>,
}

impl FromRef<App> for HubContext<ChatHub> {
    fn from_ref(app: &App) -> Self {
        app.chat.clone()
    }
}

impl FromRef<App> for HubContext<NotificationHub> {
    fn from_ref(app: &App) -> Self {
        app.notifications.clone()
    }
}

async fn ship(State(chat): State<HubContext<ChatHub>>, Path(order_id): Path<i32>) -> HubResult {
    let status = "Shipped";
    let order = ShippedOrder { order_id, status };
    Ok(chat.clients().all().send("OrderShipped", (order,)).await?)
}

async fn ship_by_guid(
    State(notifications): State<HubContext<NotificationHub>>,
    Path(order_id): Path<Uuid>,
) -> HubResult {
    let everybody = notifications.clients().all();
    Ok(everybody.send("OrderShipped", (order_id,)).await?)
}

#[tokio::test(start_paused = true)]
async fn shipping_an_order_tells_everybody() {
    let signalr = SignalR::new();
    let chat = signalr.hub().build(ChatHub);
    let notifications = signalr.hub().build(NotificationHub);
    let app = axum::Router::new()
        .map_hub("/chathub", chat.endpoint())
        .map_hub("/hubs/notifications", notifications.endpoint())
        .route("/order/{id}/ship", post(ship))
        .route("/api/orders/{order_id}/ship", post(ship_by_guid))
        .with_state(App {
            chat: signalr.context(),
            notifications: signalr.context(),
        });
    let mut ann = connect(&chat.endpoint()).await;
    let mut bob = connect(&notifications.endpoint()).await;

    let guid = "00112233-4455-6677-8899-aabbccddeeff";
    for path in ["/order/7/ship", &format!("/api/orders/{guid}/ship")] {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    let order = json!([{"orderId": 7, "status": "Shipped"}]);
    hears(&mut ann, "OrderShipped", order).await;
    hears(&mut bob, "OrderShipped", json!([guid])).await;
}
