use hubwire::{HubCallerContext, HubResult, hub, hub_client};

#[hub_client]
pub trait ChatClient {
    async fn user_joined(&self, room: &str) -> bool;
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    async fn join_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        cx.clients().all().user_joined(&room).await?;
        Ok(())
    }
}

fn main() {}
