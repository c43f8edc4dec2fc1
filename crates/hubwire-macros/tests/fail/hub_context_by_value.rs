use hubwire::{Caller, HubCallerContext, hub};

type Context = HubCallerContext<ChatHub>;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn join_room(&self, cx: HubCallerContext<Self>) {
        drop(cx);
    }

    pub async fn leave_room(&self, _cx: Context, _caller: Caller) {}

    fn on_connected(&self, _cx: HubCallerContext<Self>) {}
}

fn main() {}
