use hubwire::hub;

struct ChatHub;

#[hub(client = "ChatClient")]
impl ChatHub {
    pub fn join_room(&self) {}
}

fn main() {}
