use std::cell::Cell;

use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn count(&self, count: Cell<u32>);
}

fn main() {}
