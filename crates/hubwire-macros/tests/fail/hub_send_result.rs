use hubwire::{HubCallerContext, HubResult, hub, hub_client};

#[hub_client]
pub trait ChatClient {
    fn receive(&self, text: &str);
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    pub async fn typed(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.clients().all().receive("text").await
    }

    pub async fn untyped(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.clients().all().send("Receive", ("text",)).await
    }

    pub async fn joins(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups().add(cx.connection_id(), "room").await
    }
}

fn main() {}
