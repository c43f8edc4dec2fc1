use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn later(&self) -> impl Future<Output = u32> {
        async { 1 }
    }

    pub fn shown(&self) -> impl std::fmt::Display {
        1
    }
}

fn main() {}
