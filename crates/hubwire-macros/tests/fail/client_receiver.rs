use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn change(&mut self);

    fn announce(text: &str);
}

fn main() {}
