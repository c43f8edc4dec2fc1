use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn new() -> Self {
        Self
    }

    pub async fn join_room(room: String) {
        drop(room);
    }
}

fn main() {}
