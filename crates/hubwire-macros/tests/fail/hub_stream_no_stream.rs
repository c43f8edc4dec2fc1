use hubwire::hub;
use serde::Serialize;

trait Stream {
    type Item;
}

impl Stream for Vec<u32> {
    type Item = u32;
}

#[derive(Serialize)]
struct Ticks;

struct ChatHub;

#[hub]
impl ChatHub {
    #[hub(stream)]
    pub fn ticks(&self) -> Ticks {
        Ticks
    }

    pub fn namesake(&self) -> impl Stream<Item = u32> {
        vec![1]
    }
}

fn main() {}
