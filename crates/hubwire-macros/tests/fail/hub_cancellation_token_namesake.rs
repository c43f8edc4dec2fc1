use hubwire::hub;

mod tokens {
    pub struct CancellationToken;
}

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn count(&self, _to: u32, _cancel: tokens::CancellationToken) {}
}

fn main() {}
