//! Calls that continue without their connections: how many, how long, and which are dropped first.

use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use futures_util::{Stream, StreamExt, stream};
use hubwire::testing::{Received, TestClient};
use hubwire::{CancellationToken, HubCallerContext, Principal, SignalR, hub};
use serde_json::{Value, json};
use test_support::bombs::{ErrorLines, Unwritable};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Notes that it was dropped.
struct Noted {
    log: Log,
    what: String,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.log.note(format!("{} is dropped", self.what));
    }
}

struct LongHub {
    gate: Gate,
    log: Log,
    items: Arc<AtomicUsize>,
}

impl LongHub {
    fn noted(&self, what: impl Into<String>) -> Noted {
        Noted {
            log: self.log.clone(),
            what: what.into(),
        }
    }
}

#[hub]
impl LongHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>) {
        self.log.note("disconnected");
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn outlive(&self, name: String) {
        let noted = self.noted(name);
        self.gate.passed().await;
        self.log.note(format!("{} ends", noted.what));
        mem::forget(noted);
    }

    /// A stream that is always ready and ignores its token.
    pub fn flood(&self, cancel: CancellationToken) -> impl Stream<Item = usize> {
        let (items, noted) = (Arc::clone(&self.items), self.noted("flood"));
        stream::iter(0..).map(move |number| {
            let _kept = (&noted, &cancel);
            items.fetch_add(1, Ordering::Relaxed);
            number
        })
    }

    pub fn flood_without_a_token(&self) -> impl Stream<Item = usize> {
        let noted = self.noted("flood");
        stream::iter(0..).map(move |number| {
            let _kept = &noted;
            number
        })
    }

    /// A stream that ignores its token and has no items.
    pub fn hold(&self, cancel: CancellationToken) -> impl Stream<Item = usize> {
        let noted = self.noted("hold");
        stream::poll_fn(move |_| {
            let _kept = (&noted, &cancel);
            Poll::Pending
        })
    }
}

struct Stage {
    server: TestServer<LongHub>,
    gate: Gate,
    log: Log,
    items: Arc<AtomicUsize>,
}

impl Stage {
    fn new(maximum: usize) -> Self {
        let (gate, log) = (Gate::closed(), Log::default());
        let items = Arc::<AtomicUsize>::default();
        let hub = LongHub {
            gate: gate.clone(),
            log: log.clone(),
            items: Arc::clone(&items),
        };
        let signalr = SignalR::builder().maximum_orphaned_calls(maximum).build();
        let server = TestServer::on(signalr, hub, |options| options);
        Self {
            server,
            gate,
            log,
            items,
        }
    }

    /// Calls a method that outlives its connection, and disconnects.
    async fn call_and_go(&self, user: Option<&str>, name: &str) {
        let mut client = match user {
            Some(user) => self.server.connect_as(user).await,
            None => self.server.connect().await,
        };
        client.send("Outlive", (name,)).await.unwrap();
        settle().await;
        drop(client);
        settle().await;
    }

    fn orphaned(&self) -> usize {
        self.server.signalr.statistics().orphaned_calls
    }
}

async fn start_stream(client: &mut TestClient, target: &str) {
    let call = json!({"type": 4, "invocationId": "s", "target": target, "arguments": []});
    client.send_record(&call).await.unwrap();
}

async fn cancel(client: &mut TestClient) {
    let cancel = json!({"type": 5, "invocationId": "s"});
    client.send_record(&cancel).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_that_outlive_their_connections_are_bounded() {
    let stage = Stage::new(100);
    for _ in 0..1_000 {
        stage.call_and_go(Some("eve"), "call").await;
    }
    let notes = stage.log.take();
    let of = |what: &str| notes.iter().filter(|note| *note == what).count();
    assert_eq!(of("disconnected"), 1_000);
    assert_eq!(of("call is dropped"), 900);
    assert_eq!(stage.orphaned(), 100);
    // The first calls are left.
    stage.gate.open(1_000);
    settle().await;
    assert_eq!(stage.log.take(), vec!["call ends"; 100]);
    assert_eq!(stage.orphaned(), 0);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_user_with_the_most_calls_loses_its_newest() {
    let stage = Stage::new(3);
    stage.call_and_go(Some("eve"), "eve's first").await;
    stage.call_and_go(Some("eve"), "eve's second").await;
    stage.call_and_go(Some("ada"), "ada's").await;
    assert_eq!(stage.log.take(), ["disconnected"; 3]);
    let lines = ErrorLines::counted();
    // Connections in memory have no address.
    stage.call_and_go(None, "nobody's").await;
    assert_eq!((lines.take(), lines.take_warnings()), (0, 1));
    assert_eq!(
        stage.log.take(),
        ["disconnected", "eve's second is dropped"]
    );
    assert_eq!(stage.orphaned(), 3);
    stage.gate.open(3);
    settle().await;
    let mut notes = stage.log.take();
    notes.sort();
    assert_eq!(notes, ["ada's ends", "eve's first ends", "nobody's ends"]);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_maximum_of_zero_allows_no_orphaned_calls() {
    let stage = Stage::new(0);
    stage.call_and_go(None, "call").await;
    assert_eq!(stage.log.take(), ["disconnected", "call is dropped"]);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ignores_its_token_is_polled_for_another_30_s() {
    for says_goodbye in [false, true] {
        let stage = Stage::new(10);
        let mut client = stage.server.connect().await;
        start_stream(&mut client, "Hold").await;
        settle().await;
        if says_goodbye {
            client.close().await.unwrap();
        }
        drop(client);
        settle().await;
        assert_eq!(stage.log.take(), ["disconnected"]);
        assert_eq!(stage.orphaned(), 1);
        pass(seconds(29)).await;
        assert_eq!(stage.log.take(), [""; 0]);
        let lines = ErrorLines::counted();
        pass(seconds(1)).await;
        assert_eq!(stage.log.take(), ["hold is dropped"]);
        assert_eq!((lines.take(), lines.take_warnings()), (0, 1));
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_stream_that_ignores_its_token_completes_after_30_s() {
    let stage = Stage::new(10);
    let mut client = stage.server.connect().await;
    let began = Instant::now();
    start_stream(&mut client, "Hold").await;
    cancel(&mut client).await;
    let echo = client.invoke("Echo", ("x",)).await;
    assert_eq!(echo, Ok(json!("x")));
    assert_eq!(client.completion("s").await, Ok(Value::Null));
    assert_elapsed(began, 30.0..=30.1);
    assert_eq!(stage.log.take(), ["hold is dropped"]);
    drop(client);
    stage.server.leaves_nothing_behind().await;
}

/// Lets each task that is ready be polled once; the runtime's own yield lets them be polled several
/// times.
async fn take_turns() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[tokio::test]
async fn an_endless_stream_without_its_client_yields_to_others_at_each_item() {
    let stage = Stage::new(10);
    let mut client = stage.server.connect().await;
    start_stream(&mut client, "Flood").await;
    assert_eq!(message(&mut client).await["item"], 0);
    drop(client);
    while stage.log.take().is_empty() {
        tokio::task::yield_now().await;
    }
    let items = Arc::clone(&stage.items);
    let mut counting = JoinSet::new();
    counting.spawn(async move {
        let before = items.load(Ordering::Relaxed);
        for _ in 0..1_000 {
            take_turns().await;
        }
        items.load(Ordering::Relaxed) - before
    });
    let items = counting.join_next().await.unwrap().unwrap();
    assert!((900..=1_100).contains(&items), "{items}");
    assert_eq!(stage.orphaned(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_token_ends_with_its_connection() {
    let stage = Stage::new(10);
    let mut client = stage.server.connect().await;
    start_stream(&mut client, "FloodWithoutAToken").await;
    assert_eq!(message(&mut client).await["item"], 0);
    drop(client);
    settle().await;
    assert_eq!(stage.log.take(), ["flood is dropped", "disconnected"]);
    assert_eq!(stage.orphaned(), 0);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_user_is_the_same_on_every_connection_whatever_its_claims() {
    let stage = Stage::new(1);
    for role in ["reader", "writer"] {
        let principal = Principal::new([("sub", "eve"), ("role", role)]);
        let endpoint = &stage.server.endpoint;
        let mut client = TestClient::connect_as(endpoint, principal).await.unwrap();
        client.send("Outlive", (role,)).await.unwrap();
        settle().await;
        drop(client);
        settle().await;
    }
    let expected = ["disconnected", "disconnected", "writer is dropped"];
    assert_eq!(stage.log.take(), expected);
}

/// The sweep logs that a limit was hit again, and sends pings.
#[tokio::test(start_paused = true)]
async fn the_sweep_continues_after_a_panic() {
    let stage = Stage::new(0);
    for _ in 0..2 {
        stage.call_and_go(None, "call").await;
    }
    let unwritable = Unwritable::target("hubwire::limits");
    let mut client = stage.server.connect().await;
    pass(seconds(12)).await;
    assert_eq!(unwritable.panics(), 1);
    let ping = Received::Message(json!({"type": 6}));
    for _ in 0..3 {
        let received = timeout(seconds(16), client.receive()).await;
        assert_eq!(received.expect("the sweep pings").unwrap(), ping);
    }
}
