// `#[hub_client]` replaces the trait by a type of the same name. If a type is used as a trait, the
// compiler reports only that; the type's documentation says what to write instead.
use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn receive(&self, text: &str);
}

async fn tell(clients: impl ChatClient) {
    clients.receive("text").await;
}

async fn tell_generic<T: ChatClient>(clients: T) {
    clients.receive("text").await;
}

async fn tell_object(clients: &dyn ChatClient) {
    clients.receive("text").await;
}

fn main() {}
