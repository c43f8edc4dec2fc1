use std::future::ready;
use std::rc::Rc;

use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn count(&self) -> u32 {
        let count = Rc::new(1);
        ready(()).await;
        *count
    }
}

fn main() {}
