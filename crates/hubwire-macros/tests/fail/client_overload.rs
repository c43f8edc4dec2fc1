use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn receive(&self, text: &str);

    fn receive(&self, user: &str, text: &str);
}

fn main() {}
