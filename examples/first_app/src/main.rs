//! A first real-time application: everybody who opens the page chats with everybody else.

use axum::{Router, response::Html, routing::get};
use hubwire::{DisconnectReason, HubCallerContext, HubResult, MapHub, SignalR, Timestamp, hub};

const SCRIPT: &str =
    include_str!("../page/node_modules/@microsoft/signalr/dist/browser/signalr.min.js");

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        tracing::info!(id = %cx.connection_id(), "connected");
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        tracing::info!(id = %cx.connection_id(), %reason, "disconnected");
    }

    pub async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        user: String,
        message: String,
    ) -> HubResult {
        let everybody = cx.clients().all();
        let message = (user, message, Timestamp::now());
        Ok(everybody.send("ReceiveMessage", message).await?)
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
        let addressee = cx.clients().client(to_connection_id);
        Ok(addressee.send("ReceiveMessage", (message,)).await?)
    }

    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        cx.groups().add(cx.connection_id(), &room).await?;
        let members = cx.clients().group(&room);
        let joined = (cx.connection_id(), &room);
        Ok(members.send("UserJoined", joined).await?)
    }

    pub async fn leave_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        Ok(cx.groups().remove(cx.connection_id(), room).await?)
    }

    pub async fn send_to_room(
        &self,
        cx: &HubCallerContext<Self>,
        room: String,
        message: String,
    ) -> HubResult {
        let members = cx.clients().group(room);
        let message = (cx.connection_id(), message);
        Ok(members.send("ReceiveMessage", message).await?)
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().init();
    let signalr = SignalR::new();
    let chat = signalr.hub().build(ChatHub);
    let script = || async { ([("content-type", "text/javascript")], SCRIPT) };
    let app = Router::new()
        .map_hub("/chathub", chat.endpoint())
        .route("/", get(Html(include_str!("../page/index.html"))))
        .route("/lib/signalr.min.js", get(script));
    let listen = std::env::args().skip_while(|arg| arg != "--listen").nth(1);
    let listener = hubwire::listen(listen.as_deref().unwrap_or("127.0.0.1:5001")).await?;
    println!("Open http://{} in two windows", listener.local_addr()?);
    let server = hubwire::serve(listener, app).with(&signalr);
    server.until(hubwire::shutdown_signal()).await
}
