use hubwire::hub;

const ADMIN: u32 = 7;

struct OrderHub;

#[hub]
impl OrderHub {
    #[authorize(role = ADMIN)]
    pub fn cancel(&self) {}
}

fn main() {}
