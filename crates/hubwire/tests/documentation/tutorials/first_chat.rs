//! 001, `/chathub`: everybody, the caller, the others, one connection, a room. Untyped, as the tutorial has it.

use hubwire::{DisconnectReason, HubCallerContext, HubResult, SignalR, Timestamp, hub};
use serde_json::json;

use super::*;

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        println!("{} connected", cx.connection_id());
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        println!("{} disconnected: {reason}", cx.connection_id());
    }

    pub async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        user: String,
        message: String,
    ) -> HubResult {
        let message = (user, message, Timestamp::now());
        Ok(cx.clients().all().send("ReceiveMessage", message).await?)
    }

    pub async fn echo(&self, cx: &HubCallerContext<Self>, message: String) -> HubResult {
        let caller = cx.clients().caller();
        Ok(caller.send("ReceiveMessage", (message,)).await?)
    }

    pub async fn broadcast(&self, cx: &HubCallerContext<Self>, message: String) -> HubResult {
        let others = cx.clients().others();
        Ok(others.send("ReceiveMessage", (message,)).await?)
    }

    pub async fn whisper(
        &self,
        cx: &HubCallerContext<Self>,
        to_connection_id: String,
        message: String,
    ) -> HubResult {
        let client = cx.clients().client(to_connection_id);
        Ok(client.send("ReceiveMessage", (message,)).await?)
    }

    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room_name: String) -> HubResult {
        cx.groups().add(cx.connection_id(), &room_name).await?;
        let room = cx.clients().group(&room_name);
        Ok(room
            .send("UserJoined", (cx.connection_id(), &room_name))
            .await?)
    }

    pub async fn leave_room(&self, cx: &HubCallerContext<Self>, room_name: String) -> HubResult {
        Ok(cx.groups().remove(cx.connection_id(), room_name).await?)
    }

    pub async fn send_to_room(
        &self,
        cx: &HubCallerContext<Self>,
        room_name: String,
        message: String,
    ) -> HubResult {
        let room = cx.clients().group(room_name);
        Ok(room
            .send("ReceiveMessage", (cx.connection_id(), message))
            .await?)
    }
}

#[tokio::test(start_paused = true)]
async fn each_message_reaches_those_whom_it_is_for() {
    let chat = SignalR::new().hub().build(ChatHub);
    let mut ann = connect(&chat.endpoint()).await;
    let mut bob = connect(&chat.endpoint()).await;

    call(&mut ann, "SendMessage", ("Ann", "hello")).await;
    for client in [&mut ann, &mut bob] {
        let (event, message) = client.push().await.unwrap();
        assert_eq!(
            (event.as_str(), &message[0], &message[1]),
            ("ReceiveMessage", &json!("Ann"), &json!("hello"))
        );
        assert!(message[2].as_str().unwrap().ends_with('Z'));
    }
    call(&mut ann, "Echo", ("echo",)).await;
    hears(&mut ann, "ReceiveMessage", json!(["echo"])).await;
    call(&mut ann, "Broadcast", ("others",)).await;
    hears(&mut bob, "ReceiveMessage", json!(["others"])).await;

    call(&mut bob, "JoinRoom", ("lobby",)).await;
    let (event, joined) = bob.push().await.unwrap();
    assert_eq!(
        (event.as_str(), &joined[1]),
        ("UserJoined", &json!("lobby"))
    );
    let bob_id = joined[0].as_str().unwrap().to_owned();
    call(&mut ann, "Whisper", (&bob_id, "psst")).await;
    hears(&mut bob, "ReceiveMessage", json!(["psst"])).await;
    call(&mut bob, "SendToRoom", ("lobby", "anybody?")).await;
    hears(&mut bob, "ReceiveMessage", json!([bob_id, "anybody?"])).await;
    call(&mut bob, "LeaveRoom", ("lobby",)).await;
    call(&mut ann, "SendToRoom", ("lobby", "too late")).await;
    hears_nothing(&mut ann).await;
    hears_nothing(&mut bob).await;
}
