use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    unsafe fn trusted(&self) {}

    extern "C" fn foreign(&self) {}
}

fn main() {}
