use hubwire::hub_client;

#[hub_client]
pub trait ChatClient<T>: Clone
where
    T: Send,
 {
    fn receive(&self, message: T);
}

fn main() {}
