use hubwire::{HubCallerContext, hub};

struct OtherHub;

#[hub]
impl OtherHub {}

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn join_room(&self, _cx: &HubCallerContext<OtherHub>) {}
}

fn main() {}
