use hubwire::hub_client;

#[hub_client(name = "Chat")]
pub trait ChatClient {
    #[hub(name = "")]
    fn user_joined(&self, room: &str);

    #[hub(skip)]
    fn user_left(&self, room: &str);
}

fn main() {}
