//! Uploads of a tester's that nobody reads to their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hubwire::testing::HubTester;
use hubwire::{StreamReader, hub};
use test_support::in_memory::settle;

struct FirstHub;

#[hub]
impl FirstHub {
    /// Gives the stream up before it returns.
    pub async fn first(&self, mut numbers: StreamReader<u8>) -> Option<u8> {
        let first = numbers.next().await;
        drop(numbers);
        settle().await;
        first.and_then(Result::ok)
    }

    /// Meets an item that does not fit, which ends the stream.
    pub async fn count(&self, mut numbers: StreamReader<u8>) -> u32 {
        let mut count = 0;
        while numbers.next().await.is_some() {
            count += 1;
            settle().await;
        }
        count
    }
}

/// Of a stream that would never end, no more than what has room is made.
async fn made_by(target: &str, item: impl Fn(u32) -> u32) -> u32 {
    let made = Arc::new(AtomicU32::new(0));
    let tester = HubTester::new(FirstHub);
    let ann = tester.caller("ann");
    // Long enough to be told from what is waited for, and no endless loop if it is not given up.
    let items = (0..20_000).map(|number| {
        made.fetch_add(1, Ordering::Relaxed);
        item(number)
    });
    ann.upload::<serde_json::Value>(target, (), items)
        .await
        .unwrap();
    made.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_its_method_has_given_up() {
    let made = made_by("First", |_| 7).await;
    assert!(made < 1000, "{made} items were made");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_an_item_has_ended() {
    let made = made_by("Count", |number| 250 + number).await;
    assert!(made < 1000, "{made} items were made");
}
