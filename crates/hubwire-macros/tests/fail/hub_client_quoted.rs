use hubwire::hub;

struct ChatHub;

#[hub(client = "ChatClient")]
impl ChatHub {
    fn join_room(&self) {}
}

fn main() {}
