use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn join_room(&self, #[cfg(unix)] _room: String) {}
}

fn main() {}
