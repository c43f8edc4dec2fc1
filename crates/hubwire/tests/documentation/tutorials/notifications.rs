//! 002, `/hubs/notifications`: who connects and disconnects, and messages to everybody.

use hubwire::{DisconnectReason, HubCallerContext, HubResult, SignalR, hub, hub_client};
use serde_json::json;

use super::*;

#[hub_client]
trait NotificationClient {
    fn user_joined(&self, connection_id: &str);
    fn user_left(&self, connection_id: &str);
    fn receive_message(&self, connection_id: &str, message: &str);
}

struct NotificationHub;

#[hub(client = NotificationClient)]
impl NotificationHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        tracing::info!(id = %cx.connection_id(), "connected");
        Ok(cx
            .clients()
            .others()
            .user_joined(cx.connection_id())
            .await?)
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> HubResult {
        tracing::info!(id = %cx.connection_id(), %reason, "disconnected");
        Ok(cx.clients().others().user_left(cx.connection_id()).await?)
    }

    pub async fn send_message(&self, cx: &HubCallerContext<Self>, message: String) -> HubResult {
        let everybody = cx.clients().all();
        Ok(everybody
            .receive_message(cx.connection_id(), &message)
            .await?)
    }
}

#[tokio::test(start_paused = true)]
async fn others_are_told_who_connects_and_disconnects() {
    let hub = SignalR::new().hub().build(NotificationHub);
    let mut ann = connect(&hub.endpoint()).await;
    let mut bob = connect(&hub.endpoint()).await;
    let (event, joined) = ann.push().await.unwrap();
    assert_eq!(event, "UserJoined");
    call(&mut bob, "SendMessage", ("hello",)).await;
    let message = json!([joined[0], "hello"]);
    hears(&mut ann, "ReceiveMessage", message.clone()).await;
    hears(&mut bob, "ReceiveMessage", message).await;
    bob.close().await.unwrap();
    hears(&mut ann, "UserLeft", joined).await;
}
