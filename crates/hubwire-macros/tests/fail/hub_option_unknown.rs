use hubwire::hub;

struct ChatHub;

#[hub(clent = ChatClient)]
impl ChatHub {
    #[hub(nmae = "Enter")]
    pub fn join_room(&self) {}

    #[hub]
    pub fn leave_room(&self) {}

    #[hub(skip = true)]
    fn change_room(&self) {}

    #[hub(skip, name = "Helper")]
    fn helper(&self) {}
}

fn main() {}
