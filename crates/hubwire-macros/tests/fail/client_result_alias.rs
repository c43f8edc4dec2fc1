use hubwire::{HubResult, hub_client};

type Answer<T> = HubResult<T>;
type Readable = Result<bool, String>;

#[hub_client]
pub trait ChatClient {
    fn confirm(&self, question: &str) -> Answer<bool>;

    fn confirm_once(&self, question: &str) -> HubResult<bool>;

    fn confirm_again(&self, question: &str) -> Readable;
}

fn main() {}
