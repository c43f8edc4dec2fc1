use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    async fn user_joined(&self, room: &str);
}

fn main() {}
