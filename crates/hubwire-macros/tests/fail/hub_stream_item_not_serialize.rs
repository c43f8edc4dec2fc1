use futures_util::stream::{self, BoxStream, Stream};
use hubwire::{HubResult, hub};

struct Message;

struct ChatHub;

#[hub]
impl ChatHub {
    fn messages(&self) -> impl Stream<Item = Message> {
        stream::empty()
    }

    fn fallible(&self) -> HubResult<impl Stream<Item = HubResult<Message>>> {
        Ok(stream::empty())
    }

    fn lists(&self) -> impl Stream<Item = Vec<Message>> {
        stream::empty()
    }

    #[hub(stream)]
    fn boxed(&self) -> BoxStream<'static, Message> {
        Box::pin(stream::empty())
    }
}

fn main() {}
