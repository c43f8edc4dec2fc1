//! A first real-time application: everybody who opens the page chats with everybody else.

use axum::response::Html;
use axum::{Router, routing::get};
use hubwire::{DisconnectReason, HubCallerContext, HubResult, MapHub, SignalR, hub, hub_client};
use tokio::net::TcpListener;

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
        Ok(cx
            .clients()
            .all()
            .receive_message(&user, &message, &now())
            .await?)
    }

    async fn broadcast(&self, cx: &HubCallerContext<Self>, message: String) -> HubResult {
        Ok(cx
            .clients()
            .others()
            .receive_message(cx.connection_id(), &message, &now())
            .await?)
    }

    async fn whisper(
        &self,
        cx: &HubCallerContext<Self>,
        connection_id: String,
        message: String,
    ) -> HubResult {
        let client = cx.clients().client(connection_id);
        Ok(client
            .receive_message(cx.connection_id(), &message, &now())
            .await?)
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
        Ok(cx
            .clients()
            .group(room)
            .receive_message(cx.connection_id(), &message, &now())
            .await?)
    }
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().init();
    let signalr = SignalR::new();
    let chat = signalr.hub::<ChatHub>().build(ChatHub);
    let client =
        include_str!("../page/node_modules/@microsoft/signalr/dist/browser/signalr.min.js");
    let app = Router::new()
        .map_hub("/chathub", chat.endpoint())
        .route("/", get(Html(include_str!("../page/index.html"))))
        .route(
            "/lib/signalr.min.js",
            get(([("content-type", "text/javascript")], client)),
        );
    let address = std::env::args().skip_while(|arg| arg != "--listen").nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:5001")).await?;
    println!("Open http://{} in two windows", listener.local_addr()?);
    let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
    hubwire::serve(listener, app)
        .with(&signalr)
        .until(ctrl_c)
        .await
}
