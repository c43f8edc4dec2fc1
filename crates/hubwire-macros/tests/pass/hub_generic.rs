//! A hub with type parameters.
#![deny(warnings)]

use std::fmt::Debug;

use hubwire::manual::Hub;
use hubwire::{HubCallerContext, Stream, hub};
use serde::Serialize;

struct Store<T, const N: usize> {
    items: [T; N],
}

#[hub]
impl<T: Clone + Send + Sync + 'static, const N: usize> Store<T, N>
where
    T: Debug + Serialize,
{
    pub fn first(&self, cx: &HubCallerContext<Self>) -> Option<T> {
        let _ = cx;
        self.items.first().cloned()
    }

    pub fn all(&self) -> impl Stream<Item = T> {
        futures_util::stream::iter(self.items.iter().cloned())
    }

    pub async fn show(&self) -> String {
        format!("{:?}", self.items)
    }
}

fn main() {
    let _ = Store { items: [1, 2] };
    assert_eq!(Store::<u32, 2>::METHODS.len(), 3);
}
