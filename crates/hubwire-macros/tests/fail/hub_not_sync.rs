use std::cell::Cell;

use hubwire::hub;

struct Counter(Cell<u32>);

#[hub]
impl Counter {
    pub fn count(&self) -> u32 {
        self.0.get()
    }
}

fn main() {}
