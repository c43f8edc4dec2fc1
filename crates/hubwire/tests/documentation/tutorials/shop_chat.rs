//! 000, `/hubs/chat`: rooms, and messages with their author and time.

use hubwire::{HubCallerContext, HubResult, SignalR, Timestamp, hub, hub_client};
use serde::Serialize;
use serde_json::json;

use super::*;

#[derive(Serialize)]
struct ChatMessage {
    user: String,
    message: String,
    at: Timestamp,
}

#[hub_client]
trait ChatClient {
    fn connected(&self, connection_id: &str);
    fn receive_message(&self, message: ChatMessage);
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().caller().connected(cx.connection_id()).await?)
    }

    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room_id: String) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), room_id).await?)
    }

    pub async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        room_id: String,
        user: String,
        message: String,
    ) -> HubResult {
        let at = Timestamp::now();
        let message = ChatMessage { user, message, at };
        Ok(cx.clients().group(room_id).receive_message(message).await?)
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_receives_its_messages() {
    let chat = SignalR::new().hub().build(ChatHub);
    let mut ann = connect(&chat.endpoint()).await;
    let mut bob = connect(&chat.endpoint()).await;
    for client in [&mut ann, &mut bob] {
        let (event, id) = client.push().await.unwrap();
        assert_eq!(event, "Connected");
        assert_eq!(id[0].as_str().unwrap().len(), 22);
    }
    call(&mut ann, "JoinRoom", ("support",)).await;
    call(&mut bob, "SendMessage", ("support", "Bob", "Is it safe?")).await;
    let (event, mut message) = ann.push().await.unwrap();
    assert_eq!(event, "ReceiveMessage");
    let at: Timestamp = serde_json::from_value(message[0]["at"].take()).unwrap();
    assert!(at > Timestamp::UNIX_EPOCH);
    assert_eq!(
        message,
        json!([{"user": "Bob", "message": "Is it safe?", "at": null}])
    );
    hears_nothing(&mut bob).await;
}
