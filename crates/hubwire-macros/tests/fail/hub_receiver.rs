use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    fn change(&mut self) {}

    fn consume(self) {}

    async fn share(self: std::sync::Arc<Self>) {}
}

fn main() {}
