use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn receive(&self, text: &str);
}

async fn tell(clients: impl ChatClient) {
    clients.receive("text").await;
}

fn main() {}
