use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn receive(&self, (user, text): (&str, &str), #[cfg(unix)] room: &str);
}

fn main() {}
