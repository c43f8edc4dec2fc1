use hubwire::{HubCallerContext, HubContext, HubResult, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), "lobby").await?)
    }

    pub async fn send(&self, text: String) -> HubResult {
        Ok(cx.clients().all().send("Told", (text,)).await?)
    }

    pub async fn of_nobody(&self, cx: &HubCallerContext, text: String) -> HubResult {
        Ok(cx.clients().all().send("Told", (text,)).await?)
    }

    pub async fn from_outside(&self, hub: &hubwire::HubContext, text: String) -> HubResult {
        let hub: &HubContext<Self> = hub;
        Ok(hub.clients().all().send("Told", (text,)).await?)
    }

    async fn helper(cx: &HubCallerContext) -> bool {
        cx.connection_id().is_empty()
    }
}

fn main() {}
