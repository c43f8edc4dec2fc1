use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    async fn join_room(&self) {}
}

#[hub]
impl ChatHub {
    async fn leave_room(&self) {}
}

fn main() {}
