use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    #[hub(name = "")]
    fn join_room(&self) {}

    #[hub(name)]
    fn leave_room(&self) {}

    #[hub(name = JoinRoom)]
    fn change_room(&self) {}

    fn __(&self) {}
}

fn main() {}
