use std::rc::Rc;

use hubwire::{HubCallerContext, Stream, hub};

struct Counter(Rc<u32>);

#[hub]
impl Counter {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        let _ = cx;
    }

    pub async fn count(&self) -> u32 {
        *self.0
    }

    pub fn stream(&self) -> impl Stream<Item = u32> {
        futures_util::stream::iter([1])
    }
}

fn main() {}
