use hubwire::hub_client;

pub struct Choice;

#[hub_client]
pub trait ChatClient {
    fn choose(&self, question: &str) -> Choice;

    fn choose_all(&self) -> Vec<Choice>;
}

fn main() {}
