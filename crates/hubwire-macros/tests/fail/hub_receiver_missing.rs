use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    fn new() -> Self {
        Self
    }

    async fn join_room(room: String) {
        drop(room);
    }
}

fn main() {}
