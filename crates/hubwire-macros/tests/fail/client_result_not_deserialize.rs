use hubwire::hub_client;

pub struct Answer;

#[hub_client]
pub trait ChatClient {
    fn ask(&self, question: &str) -> Answer;

    fn ask_all(&self) -> Vec<Answer>;
}

fn main() {}
