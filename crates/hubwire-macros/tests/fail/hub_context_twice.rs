use hubwire::{HubCallerContext, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn join_room(&self, cx: &HubCallerContext<Self>, _room: String, again: HubCallerContext<Self>) {
        drop((cx, again));
    }
}

fn main() {}
