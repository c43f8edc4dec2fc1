use hubwire::{HubCallerContext, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connect(&self, _cx: &HubCallerContext<Self>) {}

    pub async fn on_disconnecting(&self) {}

    pub async fn on_order(&self, _id: u32) {}
}

fn main() {}
