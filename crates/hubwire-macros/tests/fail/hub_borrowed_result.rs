use hubwire::{HubResult, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    fn room(&self) -> &str {
        "lobby"
    }

    async fn rooms(&self) -> HubResult<Vec<&str>> {
        Ok(vec!["lobby"])
    }
}

fn main() {}
