use hubwire::{DisconnectReason, HubCallerContext, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self, _cx: &HubCallerContext<Self>, _reason: &DisconnectReason) {}

    async fn on_disconnected(&self, _reason: DisconnectReason, _room: String) {}
}

fn main() {}
