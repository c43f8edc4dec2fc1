use hubwire::{HubCallerContext, HubResult, hub};

struct Message;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn no_tuple(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().all().send("Told", "text").await?)
    }

    pub async fn no_derive(&self, cx: &HubCallerContext<Self>) -> HubResult {
        Ok(cx.clients().all().send("Told", ("text", Message)).await?)
    }
}

fn main() {}
