use hubwire::hub;

#[hub]
struct ChatHub;

#[hub]
fn join_room() {}

impl ChatHub {
    #[hub(skip)]
    fn helper(&self) {}
}

fn main() {
    join_room();
    ChatHub.helper();
}
