use hubwire::{HubCallerContext, HubResult, hub};

struct ChatHub;

#[hub(client = "ChatClient", contract = Chat)]
impl ChatHub {
    async fn on_connect(&self) {}

    async fn join_room(&mut self, _cx: &HubCallerContext<Self>, _room: &str) -> HubResult<&str> {
        Ok("joined")
    }

    fn leave_room(&self, _room: String) {}

    fn leave_Room(&self, _room: String) {}
}

fn main() {}
