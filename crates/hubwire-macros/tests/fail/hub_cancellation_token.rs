use hubwire::{CancellationToken, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn by_reference(&self, _cancel: &CancellationToken) {}

    pub async fn twice(&self, _first: CancellationToken, _to: u32, _second: CancellationToken) {}

    async fn on_connected(&self, _cancel: CancellationToken) {}
}

fn main() {}
