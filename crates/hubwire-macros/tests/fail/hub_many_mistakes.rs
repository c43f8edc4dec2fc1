use hubwire::{HubCallerContext, HubResult, hub};

struct ChatHub;

#[hub(client = "ChatClient", contract = Chat)]
impl ChatHub {
    pub async fn on_connect(&self) {}

    pub async fn join_room(&mut self, _cx: &HubCallerContext<Self>, _room: &str) -> HubResult<&str> {
        Ok("joined")
    }

    pub fn leave_room(&self, _room: String) {}

    pub fn leave_Room(&self, _room: String) {}
}

fn main() {}
