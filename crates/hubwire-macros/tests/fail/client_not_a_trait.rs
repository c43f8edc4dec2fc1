use hubwire::hub_client;

#[hub_client]
struct ChatClient;

#[hub_client]
impl ChatClient {
    fn user_joined(&self) {}
}

fn main() {
    ChatClient.user_joined();
}
