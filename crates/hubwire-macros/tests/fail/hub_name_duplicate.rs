use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    fn join_room(&self) {}

    #[hub(name = "joinROOM")]
    fn enter(&self) {}
}

fn main() {}
