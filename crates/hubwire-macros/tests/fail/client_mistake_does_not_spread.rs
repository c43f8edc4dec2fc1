use hubwire::{HubCallerContext, HubResult, hub, hub_client};

#[hub_client]
pub trait ChatClient {
    async fn user_joined(&self, room: &str);

    async fn confirm(&self, question: &str) -> bool;

    fn user_left(&self) -> ();
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    pub async fn join_room(&self, cx: &HubCallerContext<Self>, room: String) -> HubResult {
        cx.clients().all().user_joined(&room).await?;
        cx.clients().caller().confirm("Really?").await?;
        cx.clients().all().user_left().await?;
        Ok(())
    }
}

fn main() {}
