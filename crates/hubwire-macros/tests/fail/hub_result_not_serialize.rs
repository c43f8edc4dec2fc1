use hubwire::{HubResult, hub};

struct Message;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn last(&self) -> Message {
        Message
    }

    pub async fn all(&self) -> HubResult<Vec<Message>> {
        Ok(Vec::new())
    }
}

fn main() {}
