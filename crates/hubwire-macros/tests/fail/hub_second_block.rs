// The compiler reports each trait that both blocks implement. The first exists only for its name.
use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn join_room(&self) {}
}

#[hub]
impl ChatHub {
    pub async fn leave_room(&self) {}
}

fn main() {}
