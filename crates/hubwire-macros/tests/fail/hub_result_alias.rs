use hubwire::{HubError, hub};

struct Message;

type Saved<T> = Result<T, HubError>;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn save(&self) -> Saved<Vec<Message>> {
        Ok(Vec::new())
    }

    pub fn last(&self) -> Saved<Message> {
        Ok(Message)
    }
}

fn main() {}
