//! Methods and hooks under `cfg` leave no hole in the table.
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
    fn first(&self) {}

    #[cfg(any())]
    fn second(&self, missing: Missing) {}

    #[cfg(all())]
    fn third(&self, number: u8) -> u8 {
        number
    }

    #[cfg(any())]
    fn third(&self) {}
}

fn main() {
    let names: Vec<_> = ChatHub::METHODS.iter().map(|method| method.name).collect();
    assert_eq!(names, ["First", "Third"]);
    let _ = ChatHub;
}
