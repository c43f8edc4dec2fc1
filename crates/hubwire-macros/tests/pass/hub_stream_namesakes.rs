//! The user's own types with the names of streaming types.
#![deny(warnings)]

use hubwire::manual::Hub;
use hubwire::hub;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct StreamReader(u32);

#[derive(Serialize)]
struct Stream {
    id: u32,
}

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn read(&self, #[argument] reader: StreamReader) -> StreamReader {
        reader
    }

    pub fn stream(&self) -> Stream {
        Stream { id: 1 }
    }
}

fn main() {
    let _ = ChatHub;
    assert!(!ChatHub::METHODS[0].parameters[0].is_stream);
    assert!(!ChatHub::METHODS[1].is_streaming);
}
