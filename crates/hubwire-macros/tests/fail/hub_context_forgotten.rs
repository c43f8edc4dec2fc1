use hubwire::{HubCallerContext, HubContext, HubResult, StreamReader, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self) -> HubResult {
        Ok(cx.groups().add(cx.connection_id(), "lobby").await?)
    }

    pub async fn send(&self, text: String) -> HubResult {
        Ok(cx.clients().all().send("Told", (text,)).await?)
    }

    pub fn in_macro(&self) -> String {
        format!("Hello {}", cx.connection_id())
    }

    pub async fn in_select(&self, mut texts: StreamReader<String>) -> HubResult {
        tokio::select! {
            Some(text) = texts.next() => tell(cx, text?).await,
            () = self.pause() => Ok(()),
        }
    }

    async fn pause(&self) {}

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

async fn tell(cx: &HubCallerContext<ChatHub>, text: String) -> HubResult {
    Ok(cx.clients().all().send("Told", (text,)).await?)
}

fn main() {}
