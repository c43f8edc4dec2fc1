use hubwire::hub_client;

pub struct Message;

#[hub_client]
pub trait ChatClient {
    fn receive(&self, room: &str, message: Message);

    fn receive_all(&self, messages: &[Message]);
}

fn main() {}
