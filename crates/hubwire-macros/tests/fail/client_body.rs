use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn user_joined(&self, room: &str) {
        println!("{room}");
    }
}

fn main() {}
