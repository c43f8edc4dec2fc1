use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn change(&mut self) {}

    pub fn consume(self) {}

    pub async fn share(self: std::sync::Arc<Self>) {}
}

fn main() {}
