//! A first real-time application: everybody who opens the page chats with everybody else.

use axum::{Router, response::Html, routing::get};
use hubwire::{DisconnectReason, HubCallerContext, HubResult, MapHub, Reach, SignalR};
use hubwire::{hub, hub_client};

const SCRIPT: &str =
    include_str!("../page/node_modules/@microsoft/signalr/dist/browser/signalr.min.js");

#[hub_client]
trait ChatClient {
    fn receive_message(&self, user: &str, message: &str, timestamp: &str);
}

struct ChatHub;
#[hub(client = ChatClient)]
impl ChatHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        tracing::info!(id = %cx.connection_id(), "connected");
    }
    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        tracing::info!(id = %cx.connection_id(), %reason, "disconnected");
    }
    fn echo(&self, text: String) -> String {
        text
    }
    async fn send_message(
        &self,
        cx: &HubCallerContext<Self>,
        user: String,
        message: String,
    ) -> HubResult {
        say(&user, &message, cx.clients().all()).await
    }
    async fn broadcast(&self, cx: &HubCallerContext<Self>, message: String) -> HubResult {
        say(cx.connection_id(), &message, cx.clients().others()).await
    }
    async fn whisper(&self, cx: &HubCallerContext<Self>, id: String, text: String) -> HubResult {
        say(cx.connection_id(), &text, cx.clients().client(id)).await
    }
    async fn join_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), room).await?)
    }
    async fn leave_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        Ok(cx.groups().remove(cx.connection_id(), room).await?)
    }
    async fn send_to_room(
        &self,
        cx: &HubCallerContext<Self>,
        room: String,
        message: String,
    ) -> HubResult {
        say(cx.connection_id(), &message, cx.clients().group(room)).await
    }
}

async fn say<R: Reach>(user: &str, message: &str, to: ChatClientProxy<R>) -> HubResult {
    let now = jiff::Timestamp::now().to_string();
    Ok(to.receive_message(user, message, &now).await?)
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
