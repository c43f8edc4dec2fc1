use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn receive<T>(&self, message: T);

    fn show(&self, message: impl std::fmt::Display);
}

fn main() {}
