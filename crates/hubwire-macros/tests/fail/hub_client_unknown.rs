use hubwire::hub;

trait ChatClient {}

struct Client;

struct ChatHub;

#[hub(client = Client)]
impl ChatHub {
    pub fn join_room(&self) {}
}

fn main() {}
