use futures_util::stream::{self, BoxStream, Stream};
use hubwire::{HubResult, hub};

struct Message;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn messages(&self) -> impl Stream<Item = Message> {
        stream::empty()
    }

    pub fn fallible(&self) -> HubResult<impl Stream<Item = HubResult<Message>>> {
        Ok(stream::empty())
    }

    pub fn lists(&self) -> impl Stream<Item = Vec<Message>> {
        stream::empty()
    }

    #[hub(stream)]
    pub fn boxed(&self) -> BoxStream<'static, Message> {
        Box::pin(stream::empty())
    }
}

fn main() {}
