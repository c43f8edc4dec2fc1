use hubwire::{HubCallerContext, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn join_room(&self, _cx: &mut HubCallerContext<Self>) {}
}

fn main() {}
