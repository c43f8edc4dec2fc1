use hubwire::{StreamReader, hub};

mod mine {
    pub struct StreamReader;
}

struct ChatHub;

#[hub]
impl ChatHub {
    async fn by_reference(&self, lines: &mut StreamReader<String>) {
        lines.next().await;
    }

    async fn unknown(&self, _lines: mine::StreamReader) {}

    async fn borrowed(&self, _lines: StreamReader<&str>) {}

    async fn generic(&self, _lines: StreamReader<impl Sized>) {}

    async fn on_disconnected(&self, _lines: StreamReader<String>) {}
}

fn main() {}
