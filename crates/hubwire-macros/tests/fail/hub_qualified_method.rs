use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub unsafe fn trusted(&self) {}

    pub extern "C" fn foreign(&self) {}
}

fn main() {}
