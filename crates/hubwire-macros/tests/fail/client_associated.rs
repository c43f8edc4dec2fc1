use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    const LIMIT: usize;
    type Message;

    fn user_joined(&self, room: &str);
}

fn main() {}
