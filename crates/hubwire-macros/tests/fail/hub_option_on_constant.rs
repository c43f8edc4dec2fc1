use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    #[hub(skip)]
    const LIMIT: usize = 4;

    pub fn limit(&self) -> usize {
        Self::LIMIT
    }
}

fn main() {}
