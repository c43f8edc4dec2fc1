use hubwire::{HubResult, hub};

struct Message;

struct ChatHub;

#[hub]
impl ChatHub {
    fn last(&self) -> Message {
        Message
    }

    async fn all(&self) -> HubResult<Vec<Message>> {
        Ok(Vec::new())
    }
}

fn main() {}
