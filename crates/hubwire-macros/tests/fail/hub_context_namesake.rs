use hubwire::hub;

mod mine {
    pub struct HubCallerContext;
}

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn join_room(&self, _cx: &mine::HubCallerContext) {}
}

fn main() {}
