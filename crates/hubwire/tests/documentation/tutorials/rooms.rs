//! 002, `ChatHub`: rooms that announce who joins and leaves, private messages, and refused
//! messages.

use hubwire::{HubCallerContext, HubError, HubResult, SignalR, hub, hub_client};
use serde_json::json;

use super::*;

#[hub_client]
trait ChatClient {
    fn system_message(&self, text: String);
    fn receive_message(&self, connection_id: &str, message: &str);
    fn private_message(&self, from_connection_id: &str, message: &str);
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room_name: String) -> HubResult {
        cx.groups().add(cx.connection_id(), &room_name).await?;
        let joined = format!("{} joined {room_name}", cx.connection_id());
        Ok(cx.clients().group(room_name).system_message(joined).await?)
    }

    pub async fn leave_room(&self, cx: &HubCallerContext<Self>, room_name: String) -> HubResult {
        cx.groups().remove(cx.connection_id(), &room_name).await?;
        let left = format!("{} left {room_name}", cx.connection_id());
        Ok(cx.clients().group(room_name).system_message(left).await?)
    }

    pub async fn send_to_room(
        &self,
        cx: &HubCallerContext<Self>,
        room_name: String,
        message: String,
    ) -> HubResult {
        let room = cx.clients().group(room_name);
        Ok(room.receive_message(cx.connection_id(), &message).await?)
    }

    pub async fn send_private(
        &self,
        cx: &HubCallerContext<Self>,
        connection_id: String,
        message: String,
    ) -> HubResult {
        let client = cx.clients().client(connection_id);
        Ok(client.private_message(cx.connection_id(), &message).await?)
    }

    pub async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        room_name: String,
        message: String,
    ) -> HubResult {
        if message.trim().is_empty() {
            return Err(HubError::new("Message cannot be empty"));
        }
        if message.chars().count() > 1000 {
            return Err(HubError::new("Message too long"));
        }
        self.send_to_room(cx, room_name, message).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_receives_joins_leaves_and_messages() {
    let chat = SignalR::new().hub().build(ChatHub);
    let mut ann = connect(&chat.endpoint()).await;
    let mut bob = connect(&chat.endpoint()).await;
    call(&mut ann, "JoinRoom", ("tea",)).await;
    let (event, joined) = ann.push().await.unwrap();
    assert_eq!(event, "SystemMessage");
    let ann_id = joined[0].as_str().unwrap().strip_suffix(" joined tea");
    let ann_id = ann_id.unwrap().to_owned();

    call(&mut ann, "SendToRoom", ("tea", "hello")).await;
    hears(&mut ann, "ReceiveMessage", json!([ann_id, "hello"])).await;
    call(&mut ann, "SendMessage", ("tea", "x".repeat(1000))).await;
    hears(
        &mut ann,
        "ReceiveMessage",
        json!([ann_id, "x".repeat(1000)]),
    )
    .await;
    call(&mut bob, "SendPrivate", (&ann_id, "psst")).await;
    let (event, private) = ann.push().await.unwrap();
    assert_eq!(
        (event.as_str(), &private[1]),
        ("PrivateMessage", &json!("psst"))
    );

    call(&mut bob, "JoinRoom", ("tea",)).await;
    assert_eq!(ann.push().await.unwrap(), bob.push().await.unwrap());
    call(&mut ann, "LeaveRoom", ("tea",)).await;
    hears(
        &mut bob,
        "SystemMessage",
        json!([format!("{ann_id} left tea")]),
    )
    .await;
    hears_nothing(&mut ann).await;
}

#[tokio::test(start_paused = true)]
async fn blank_and_long_messages_are_refused() {
    let chat = SignalR::new().hub().build(ChatHub);
    let mut ann = connect(&chat.endpoint()).await;
    for (message, text) in [
        (" ".to_owned(), "Message cannot be empty"),
        ("x".repeat(1001), "Message too long"),
    ] {
        let error = refused(&mut ann, "SendMessage", ("tea", message)).await;
        assert!(error.ends_with(&format!("HubException: {text}")), "{error}");
    }
}
