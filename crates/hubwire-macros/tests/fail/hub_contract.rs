use hubwire::hub;

trait Chat {}

struct ChatHub;

#[hub(contract = Chat)]
impl ChatHub {
    pub fn join_room(&self) {}
}

fn main() {}
