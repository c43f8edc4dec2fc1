use hubwire::{HubCallerContext, HubResult, hub, hub_client};

#[hub_client]
pub trait ChatClient {
    fn receive(&self, text: &str);
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    pub async fn send(&self, cx: &HubCallerContext<Self>) -> HubResult {
        tell(&cx.clients().all()).await
    }
}

async fn tell(_clients: &ChatClient) -> HubResult {
    Ok(())
}

fn main() {}
