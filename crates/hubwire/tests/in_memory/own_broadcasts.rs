//! A method that broadcasts more than may be unwritten, with its own caller as the only receiver.

use std::time::Duration;

use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubResult, SignalR, hub};
use tokio::time::Instant;

struct LoudHub;

#[hub]
impl LoudHub {
    pub async fn shout(&self, cx: &HubCallerContext<Self>, count: u32) -> HubResult {
        for number in 0..count {
            let text = "x".repeat(1_000);
            cx.clients().all().send("Shouted", (number, text)).await?;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_method_continues_when_its_callers_queue_is_written() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<LoudHub>().build(LoudHub);
    let mut client = TestClient::connect(&hub.endpoint()).await.unwrap();
    let begun = Instant::now();
    let call = client.start("Shout", (600,)).await.unwrap();
    for number in 0..600 {
        let (target, arguments) = client
            .push()
            .await
            .unwrap_or_else(|e| panic!("{number} {:?} {e}", begun.elapsed()));
        assert_eq!(
            (target.as_str(), &arguments[0]),
            ("Shouted", &number.into())
        );
    }
    assert_eq!(client.completion(&call).await, Ok(serde_json::Value::Null));
    // The flusher's round for a ping would wake it too, but much later.
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_loop_of_sends_to_nobody_lets_others_have_a_turn() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<EmptyHub>().build(EmptyHub);
    let gone = hub.context().clients().client("gone");
    let sends = async {
        loop {
            gone.send("News", ()).await.unwrap();
        }
    };
    tokio::select! {
        biased;
        () = sends => {}
        () = tokio::task::yield_now() => {}
    }
}

struct EmptyHub;

#[hubwire::hub]
impl EmptyHub {}
