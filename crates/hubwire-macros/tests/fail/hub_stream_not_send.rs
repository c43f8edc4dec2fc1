use std::rc::Rc;

use futures_util::stream::{self, Stream, StreamExt};
use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn count(&self) -> impl Stream<Item = u32> {
        let step = Rc::new(1);
        stream::iter(0..3).map(move |number| number * *step)
    }
}

fn main() {}
