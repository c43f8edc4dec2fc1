use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    #[hub(name = "")]
    pub fn join_room(&self) {}

    #[hub(name)]
    pub fn leave_room(&self) {}

    #[hub(name = JoinRoom)]
    pub fn change_room(&self) {}

    pub fn __(&self) {}
}

fn main() {}
