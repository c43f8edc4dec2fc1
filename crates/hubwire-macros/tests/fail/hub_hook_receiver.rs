use hubwire::{HubCallerContext, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(_cx: &HubCallerContext<Self>) {}

    async fn on_disconnected(&mut self) {}
}

fn main() {}
