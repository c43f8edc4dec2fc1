use hubwire::{HubResult, hub};

trait Stream {}
impl Stream for () {}
struct StreamReader;

struct ChatHub;

#[hub]
impl ChatHub {
    fn count(&self) -> impl Stream {}

    async fn count_if_allowed(&self) -> HubResult<impl Stream> {
        Ok(())
    }

    #[hub(stream)]
    fn ticks(&self) {}

    async fn upload(&self, _lines: StreamReader) {}
}

fn main() {}
