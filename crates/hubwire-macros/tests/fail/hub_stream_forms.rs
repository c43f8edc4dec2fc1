use futures_util::{Stream, TryStream};
use hubwire::{HubResult, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn without_items(&self) -> impl Stream {
        futures_util::stream::empty::<u32>()
    }

    pub fn try_stream(&self) -> impl TryStream<Ok = u32, Error = std::io::Error> {
        futures_util::stream::empty()
    }

    #[hub(stream)]
    pub fn marked_try_stream(&self) -> HubResult<impl TryStream<Ok = u32, Error = std::io::Error>> {
        Ok(futures_util::stream::empty())
    }

    pub fn nested(&self) -> Option<impl Stream<Item = u32>> {
        Some(futures_util::stream::empty())
    }

    pub fn later(&self) -> impl Future<Output = impl Stream<Item = u32>> {
        async { futures_util::stream::empty() }
    }

    #[hub(stream)]
    pub fn nothing(&self) {}

    #[hub(stream = true)]
    pub fn value(&self) -> impl Stream<Item = u32> {
        futures_util::stream::empty()
    }

    #[hub(stream, skip)]
    fn skipped(&self) -> impl Stream<Item = u32> {
        futures_util::stream::empty()
    }

    #[hub(stream)]
    fn on_connected(&self) {}
}

fn main() {}
