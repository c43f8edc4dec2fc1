use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn join_room(&self) {}

    #[hub(name = "joinROOM")]
    pub fn enter(&self) {}
}

fn main() {}
