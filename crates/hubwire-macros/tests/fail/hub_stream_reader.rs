use hubwire::{StreamReader, hub};

mod mine {
    pub struct StreamReader;
}

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn by_reference(&self, lines: &mut StreamReader<String>) {
        lines.next().await;
    }

    pub async fn unknown(&self, _lines: mine::StreamReader) {}

    pub async fn borrowed(&self, _lines: StreamReader<&str>) {}

    pub async fn generic(&self, _lines: StreamReader<impl Sized>) {}

    async fn on_disconnected(&self, _lines: StreamReader<String>) {}
}

fn main() {}
