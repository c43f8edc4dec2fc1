use futures_util::stream::BoxStream;
use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn ticks(&self) -> BoxStream<'static, u32> {
        Box::pin(futures_util::stream::empty())
    }
}

fn main() {}
