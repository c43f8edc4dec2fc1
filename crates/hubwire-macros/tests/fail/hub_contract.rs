use hubwire::hub;

trait Chat {}

struct ChatHub;

#[hub(contract = Chat)]
impl ChatHub {
    fn join_room(&self) {}
}

fn main() {}
