use hubwire::hub;

struct Message;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn send(&self, _room: String, _message: Message) {}

    pub async fn send_all(&self, _messages: Vec<Message>) {}
}

fn main() {}
