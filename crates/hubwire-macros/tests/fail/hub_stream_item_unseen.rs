use futures_util::stream::{self, Stream};
use hubwire::{HubResult, hub};

type Saved = HubResult<u32>;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn saved(&self) -> impl Stream<Item = Saved> {
        stream::empty()
    }

    #[hub(stream)]
    pub fn named(&self) -> stream::Once<std::future::Ready<Saved>> {
        stream::once(std::future::ready(Ok(1)))
    }
}

fn main() {}
