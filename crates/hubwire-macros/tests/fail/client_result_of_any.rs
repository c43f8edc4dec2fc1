use hubwire::{HubCallerContext, HubResult, hub, hub_client};

#[hub_client]
pub trait ChatClient {
    fn confirm(&self, question: &str) -> bool;
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    pub async fn confirm_all(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().all().confirm("Really?").await?)
    }
}

fn main() {}
