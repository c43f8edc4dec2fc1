use hubwire::hub;

trait Chat {
    fn join_room(&self);
}

struct ChatHub;

#[hub]
impl Chat for ChatHub {
    fn join_room(&self) {}
}

fn main() {
    ChatHub.join_room();
}
