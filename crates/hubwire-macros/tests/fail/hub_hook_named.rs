use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    #[hub(name = "Connected")]
    async fn on_connected(&self) {}
}

fn main() {}
