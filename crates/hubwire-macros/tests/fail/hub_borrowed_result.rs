use hubwire::{HubResult, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn room(&self) -> &str {
        "lobby"
    }

    pub async fn rooms(&self) -> HubResult<Vec<&str>> {
        Ok(vec!["lobby"])
    }
}

fn main() {}
