use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn confirm(&self, question: &str) -> bool;
}

fn main() {}
