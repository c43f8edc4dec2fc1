//! Waiting for room in a client's queue ends when there is room, even with a bound of one byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures_util::{Stream, stream};
use hubwire::testing::{PulledTransport, Received, TestClient};
use hubwire::{DisconnectReason, HubCallerContext, hub};
use serde_json::json;
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::Instant;

const KIB: usize = 1024;

struct RoomHub {
    log: Log,
    dried_up: Arc<AtomicBool>,
}

#[hub]
impl RoomHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    pub fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn count(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }

    /// Items of 1 KiB until the stream dries up, which does not end it.
    pub fn items(&self) -> impl Stream<Item = String> {
        let dried_up = Arc::clone(&self.dried_up);
        stream::poll_fn(move |_| match dried_up.load(Ordering::Relaxed) {
            true => Poll::Pending,
            false => Poll::Ready(Some("x".repeat(KIB))),
        })
    }
}

struct Fixture {
    server: TestServer<RoomHub>,
    log: Log,
    dried_up: Arc<AtomicBool>,
}

/// A server that queues this many bytes for each client before senders that can wait do so.
fn fixture(bytes: usize) -> Fixture {
    let (log, dried_up) = (Log::default(), Arc::<AtomicBool>::default());
    let hub = RoomHub {
        log: log.clone(),
        dried_up: Arc::clone(&dried_up),
    };
    let server = TestServer::with(hub, |options| options.outbound_buffer_size(bytes));
    Fixture {
        server,
        log,
        dried_up,
    }
}

impl Fixture {
    async fn pulled(&self) -> TestClient<PulledTransport> {
        TestClient::connect_pulled(&self.server.endpoint)
            .await
            .unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_is_woken_when_there_is_room_that_a_stream_does_not_use() {
    let it = fixture(64 * KIB);
    let mut client = it.server.connect().await;
    let id = client.invoke("Id", ()).await.unwrap();
    let call = json!({"type": 4, "invocationId": "s", "target": "Items", "arguments": []});
    client.send_record(&call).await.unwrap();
    settle().await;
    it.dried_up.store(true, Ordering::Relaxed);
    let only = it.server.context().clients().client(id.as_str().unwrap());
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        for size in [16 * KIB, 20 * KIB] {
            only.send("Text", ("x".repeat(size),)).await.unwrap();
        }
    });
    settle().await;
    assert!(sender.try_join_next().is_none(), "there is room already");
    let began = Instant::now();
    let mut texts = 0;
    while texts < 2 {
        texts += usize::from(message(&mut client).await["type"] == 1);
    }
    sender.join_next().await.unwrap().unwrap();
    assert_elapsed(began, 0.0..=0.1);
    assert_eq!(it.log.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_invoked_after_a_full_queue_and_responds_while_it_is_away() {
    let it = fixture(4 * KIB);
    let mut client = it.pulled().await;
    let id = client.invoke("Id", ()).await.unwrap();
    client.leave();
    let only = it.server.context().clients().client(id.as_str().unwrap());
    only.send("Text", ("x".repeat(5 * KIB),)).await.unwrap();
    let mut asking = JoinSet::new();
    asking.spawn(async move { only.invoke::<i32, _>("Ask", ()).await });
    pass(seconds(8)).await;
    let began = Instant::now();
    client.come_back();
    assert_eq!(client.push().await.unwrap().0, "Text");
    let ask = message(&mut client).await;
    assert_eq!(ask["target"], "Ask");
    client.leave();
    let result = json!({"type": 3, "invocationId": ask["invocationId"], "result": 7});
    client.send_record(&result).await.unwrap();
    let asked = asking.join_next().await.unwrap().unwrap();
    assert_eq!(asked.unwrap(), 7);
    assert_elapsed(began, 0.0..=0.1);
    drop(client);
    it.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_gets_through_the_least_bound() {
    let it = fixture(1);
    let mut client = it.server.connect().await;
    let call = json!({"type": 4, "invocationId": "s", "target": "Count", "arguments": [30]});
    client.send_record(&call).await.unwrap();
    let heard = heard_within(&mut client, seconds(1)).await;
    let items = (0..30).map(|number| json!({"type": 2, "invocationId": "s", "item": number}));
    let end = json!({"type": 3, "invocationId": "s"});
    let expected = items.chain([end]).map(Received::Message);
    assert_eq!(heard, expected.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn calls_in_pieces_of_one_byte_get_through_the_least_bound() {
    let it = fixture(1);
    let mut client = it.pulled().await;
    for number in 0..20 {
        let id = number.to_string();
        let call = json!({"type": 1, "invocationId": id, "target": "Echo", "arguments": [id]});
        for byte in format!("{call}\u{1e}").bytes() {
            client.send_bytes(&[byte]).await.unwrap();
        }
    }
    let heard = heard_within(&mut client, seconds(1)).await;
    let ids = (0..20).map(|number| number.to_string());
    let expected = ids.map(|id| json!({"type": 3, "invocationId": id, "result": id}));
    assert_eq!(heard, expected.map(Received::Message).collect::<Vec<_>>());
    client.close().await.unwrap();
    assert_eq!(next(&mut client).await, Received::Lost);
    settle().await;
    assert_eq!(it.log.take(), ["TransportClosed"]);
    it.server.leaves_nothing_behind().await;
}
