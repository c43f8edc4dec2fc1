use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn user_joined(&self, room: &str);

    #[hub(name = "userJoined")]
    fn somebody_joined(&self, room: &str);
}

fn main() {}
