use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self) -> bool {
        true
    }

    async fn on_disconnected(&self) -> Result<u32, std::io::Error> {
        Ok(1)
    }
}

fn main() {}
