// `#[hub_client]` leaves a type of the trait's name, and of a type that stands for a trait the compiler says nothing
// but that; the type's documentation says what to write.
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
