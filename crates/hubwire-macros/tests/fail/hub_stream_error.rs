use futures_util::stream::{self, Stream};
use hubwire::hub;

struct Broken;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn items(&self) -> impl Stream<Item = Result<u32, Broken>> {
        stream::empty()
    }

    pub fn opening(&self) -> Result<impl Stream<Item = u32>, Broken> {
        Ok(stream::empty())
    }
}

fn main() {}
