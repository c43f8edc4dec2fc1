use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    #[hub(skip)]
    const LIMIT: usize = 4;

    fn limit(&self) -> usize {
        Self::LIMIT
    }
}

fn main() {}
