//! Methods and hooks with `cfg` leave no gap in the table.
#![deny(warnings)]

use hubwire::manual::Hub;
use hubwire::hub;

struct ChatHub;

#[cfg(all())]
#[hub]
#[cfg(all())]
impl ChatHub {
    #[cfg(any())]
    fn on_connected(&self) {}

    #[cfg(all())]
    pub fn first(&self) {}

    #[cfg(any())]
    pub fn second(&self, missing: Missing) {}

    #[cfg(all())]
    pub fn third(&self, number: u8) -> u8 {
        number
    }

    #[cfg(any())]
    pub fn third(&self) {}
}

fn main() {
    let names: Vec<_> = ChatHub::METHODS.iter().map(|method| method.name).collect();
    assert_eq!(names, ["First", "Third"]);
    let _ = ChatHub;
}
