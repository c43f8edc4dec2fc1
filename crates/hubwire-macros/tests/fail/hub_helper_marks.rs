use hubwire::{CancellationToken, hub};

struct ChatHub;

#[hub]
impl ChatHub {
    #[hub(name = "Enter")]
    fn enter(&self) {}

    #[hub(stream)]
    pub(crate) fn count(&self) {}

    #[hub(name = "Message")]
    fn on_message(&self) {}

    #[authorize(role = "Admin")]
    fn announce(&self) {}

    fn cancel(&self, #[argument] _cancel: CancellationToken) {}

    #[hub(skip)]
    #[authorize]
    pub fn skipped(&self, #[argument] _cancel: CancellationToken) {}

    #[authorize]
    fn on_connected(&self) {}
}

fn main() {}
