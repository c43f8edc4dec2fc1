use hubwire::{StreamReader, hub};

struct Message;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn upload(&self, _room: String, _messages: StreamReader<Message>) {}
}

fn main() {}
