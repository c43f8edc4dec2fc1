//! 002, `TypedNotificationHub`, and the services that send through its context.

use hubwire::testing::{HubTester, Sent, Target};
use hubwire::{
    HubCallerContext, HubContext, HubResult, SendError, SignalR, Timestamp, UserId, hub, hub_client,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

#[derive(Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NotificationDto {
    title: String,
    message: String,
    r#type: String,
    timestamp: Timestamp,
}

impl Default for NotificationDto {
    fn default() -> Self {
        Self {
            title: String::new(),
            message: String::new(),
            r#type: "info".to_owned(),
            timestamp: Timestamp::now(),
        }
    }
}

#[hub_client]
trait NotificationClient {
    fn receive_notification(&self, notification: NotificationDto);
    fn order_status_changed(&self, order_id: i32, status: &str);
    fn user_typing(&self, user_name: &str);
    fn user_stopped_typing(&self, user_name: &str);
}

struct TypedNotificationHub;

#[hub(client = NotificationClient)]
impl TypedNotificationHub {
    pub async fn notify_order_status(
        &self,
        cx: &HubCallerContext<Self>,
        order_id: i32,
        status: String,
    ) -> HubResult {
        let everybody = cx.clients().all();
        Ok(everybody.order_status_changed(order_id, &status).await?)
    }

    pub async fn broadcast_notification(
        &self,
        cx: &HubCallerContext<Self>,
        notification: NotificationDto,
    ) -> HubResult {
        Ok(cx
            .clients()
            .all()
            .receive_notification(notification)
            .await?)
    }

    pub async fn start_typing(&self, cx: &HubCallerContext<Self>, room_name: String) -> HubResult {
        let user_name = cx.user_id().map_or("Anonymous", UserId::as_str);
        let others = cx.clients().others_in_group(room_name);
        Ok(others.user_typing(user_name).await?)
    }
}

/// The tutorial's `OrderService`.
async fn update_order_status(
    hub: &HubContext<TypedNotificationHub>,
    order_id: i32,
    status: &str,
) -> Result<(), SendError> {
    let everybody = hub.clients().all();
    everybody.order_status_changed(order_id, status).await
}

/// The tutorial's `NotificationService`.
async fn notify_user(
    hub: &HubContext<TypedNotificationHub>,
    user_id: &str,
    notification: NotificationDto,
) -> Result<(), SendError> {
    let user = hub.clients().user(user_id);
    user.receive_notification(notification).await
}

#[tokio::test(start_paused = true)]
async fn clients_are_called_by_their_contract() {
    let signalr = SignalR::new();
    let hub = signalr.hub().build(TypedNotificationHub);
    let mut ann = connect_as(&hub.endpoint(), "ann").await;
    let mut bob = connect(&hub.endpoint()).await;

    call(&mut ann, "NotifyOrderStatus", (7, "Paid")).await;
    hears(&mut ann, "OrderStatusChanged", json!([7, "Paid"])).await;
    hears(&mut bob, "OrderStatusChanged", json!([7, "Paid"])).await;

    let sent = json!({"title": "News", "timestamp": "2020-01-02T03:04:05Z"});
    let heard = json!([{"title": "News", "message": "", "type": "info",
        "timestamp": "2020-01-02T03:04:05Z"}]);
    call(&mut ann, "BroadcastNotification", (sent,)).await;
    hears(&mut ann, "ReceiveNotification", heard.clone()).await;
    hears(&mut bob, "ReceiveNotification", heard).await;
}

#[tokio::test]
async fn the_others_in_a_room_are_told_who_is_typing() {
    let tester = HubTester::new(TypedNotificationHub);
    let ann = tester.caller_as("1", Principal::new([("sub", "ann")]));
    let nobody = tester.caller("2");
    for (caller, id, name) in [(ann, "1", "ann"), (nobody, "2", "Anonymous")] {
        caller.invoke("StartTyping", ("tea",)).await.unwrap();
        let others = Target::GroupExcept("tea".into(), vec![id.into()]);
        let told = Sent::new(others, "UserTyping", [name.into()]);
        assert_eq!(tester.recorder().take_sent(), [told]);
    }
}

#[tokio::test(start_paused = true)]
async fn services_push_through_the_context() {
    let signalr = SignalR::new();
    let hub = signalr.hub().build(TypedNotificationHub);
    let mut ann = connect_as(&hub.endpoint(), "ann").await;
    let mut bob = connect_as(&hub.endpoint(), "bob").await;
    let context = signalr.context::<TypedNotificationHub>();

    update_order_status(&context, 7, "Shipped").await.unwrap();
    for client in [&mut ann, &mut bob] {
        hears(client, "OrderStatusChanged", json!([7, "Shipped"])).await;
    }
    let notification = NotificationDto::default();
    notify_user(&context, "ann", notification).await.unwrap();
    assert_eq!(ann.push().await.unwrap().0, "ReceiveNotification");
    hears_nothing(&mut bob).await;
}
