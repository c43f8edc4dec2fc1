use hubwire::{HubError, hub};

type Saved = Result<u32, HubError>;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn save(&self) -> Saved {
        Ok(1)
    }
}

fn main() {}
