//! Policies that panic on drop, wait, read much, or keep what they are given.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use futures_util::stream;
use hubwire::auth::{Policy, PolicyContext};
use hubwire::options::KeepConnection;
use hubwire::testing::{Received, TestClient};
use hubwire::{
    Disconnect, DisconnectReason, HubBuilder, HubCallerContext, HubContext, HubError, HubResult,
    Naming, Principal, Stream, StreamReader, hub,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use test_support::bombs::{Bomb, ErrorLines, Explosive};
use test_support::in_memory::*;

use super::PROTOCOLS;
use super::peer::Peer;

#[derive(Deserialize, Serialize, Clone, Debug, PartialEq)]
struct Order {
    first_name: String,
    table_number: u32,
}

struct Pub {
    log: Log,
    gate: Gate,
}

#[hub]
impl Pub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) {
        if cx.user_id().is_some_and(|user| user.as_str() == "slow") {
            self.gate.passed().await;
        }
    }

    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(reason.to_string());
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    #[authorize(policy = "Any")]
    pub fn enter(&self) {
        self.log.note("entered");
    }

    #[authorize(policy = "Any")]
    pub fn order(&self, order: Order) -> String {
        format!("{} {}", order.first_name, order.table_number)
    }

    #[authorize(policy = "Any")]
    pub fn large(&self, text: String) -> usize {
        text.len()
    }

    #[authorize(policy = "Any")]
    pub fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        stream::iter(0..to)
    }

    #[authorize(policy = "Any")]
    pub async fn sum(&self, mut numbers: StreamReader<u32>) -> HubResult<u32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }

    #[authorize(policy = "Any")]
    pub async fn names(&self, mut orders: StreamReader<Order>) -> HubResult<String> {
        let mut names = String::new();
        while let Some(order) = orders.next().await {
            names += &order?.first_name;
        }
        Ok(names)
    }
}

struct Stage {
    server: TestServer<Pub>,
    log: Log,
    gate: Gate,
}

impl Stage {
    fn new(policy: Policy) -> Self {
        Self::with(policy, |hub| hub)
    }

    fn with(policy: Policy, configure: impl FnOnce(HubBuilder<Pub>) -> HubBuilder<Pub>) -> Self {
        let (log, gate) = (Log::default(), Gate::closed());
        let hub = Pub {
            log: log.clone(),
            gate: gate.clone(),
        };
        let server = TestServer::with(hub, |hub| configure(hub.policy("Any", policy)));
        Self { server, log, gate }
    }

    async fn connect(&self, protocol: hubwire::protocol::HubProtocol) -> Peer {
        Peer::connect(&self.server.endpoint, Some(ann()), protocol).await
    }
}

fn ann() -> Principal {
    Principal::new([("sub", "ann")])
}

/// Never decides, and panics when it is dropped.
fn falls_on_drop() -> Policy {
    Policy::check(|_| {
        let bomb = Bomb::new("drop");
        async move {
            let _bomb = bomb;
            std::future::pending().await
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_panics_on_drop_at_its_cancel_ends_one_call() {
    for protocol in PROTOCOLS {
        let _lines = ErrorLines::counted();
        let stage = Stage::with(falls_on_drop(), |hub| {
            hub.maximum_parallel_invocations_per_client(3.try_into().unwrap())
        });
        let mut peer = stage.connect(protocol).await;
        peer.invoke("1", "Enter", &[]).await;
        peer.stream("2", "Count", &[json!(3)], &[]).await;
        peer.upload("3", "Sum", &[], &["s"]).await;
        peer.item("s", 1).await;
        assert!(peer.heard().await.is_empty());
        for id in ["1", "2", "3"] {
            peer.cancel(id).await;
        }
        assert_eq!(peer.heard().await.len(), 3);
        peer.invoke("4", "Echo", &[json!("x")]).await;
        assert_eq!(peer.heard().await, ["completion 4 result \"x\""]);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_policies_that_panic_on_drop_at_the_end_of_their_connection() {
    for protocol in PROTOCOLS {
        for kicked in [false, true] {
            let _lines = ErrorLines::counted();
            let stage = Stage::with(falls_on_drop(), |hub| {
                hub.maximum_running_calls_per_client(1_100)
                    .maximum_parallel_streams_per_client(1_000)
            });
            let mut other = stage.connect(protocol).await;
            let mut peer = stage.connect(protocol).await;
            for id in 0..1_000 {
                peer.stream(&id.to_string(), "Count", &[json!(3)], &[])
                    .await;
            }
            assert!(peer.heard().await.is_empty());
            if kicked {
                let context = stage.server.context();
                assert_eq!(context.disconnect_user("ann", Disconnect::for_good()), 2);
                assert_eq!(peer.heard().await.len(), 1);
            } else {
                other.invoke("4", "Echo", &[json!("x")]).await;
                assert_eq!(other.heard().await, ["completion 4 result \"x\""]);
            }
            drop((peer, other));
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn policies_that_panic_on_drop_do_not_hold_up_a_shutdown() {
    let _lines = ErrorLines::counted();
    let stage = Stage::with(falls_on_drop(), |hub| hub);
    let mut peers = Vec::new();
    for protocol in PROTOCOLS {
        let mut peer = stage.connect(protocol).await;
        peer.invoke("1", "Enter", &[]).await;
        peer.invoke("2", "Enter", &[]).await;
        peer.upload("3", "Sum", &[], &["s"]).await;
        assert!(peer.heard().await.is_empty());
        peers.push(peer);
    }
    let begun = tokio::time::Instant::now();
    let (_, heard) = tokio::join!(stage.server.signalr.shutdown(), async {
        let mut heard = Vec::new();
        for peer in &mut peers {
            heard.push(peer.heard().await.len());
        }
        heard
    });
    assert_eq!(heard, [1, 1]);
    assert!(begun.elapsed() < seconds(10), "{:?}", begun.elapsed());
    drop(peers);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn errors_that_panic_when_shown_or_dropped_end_one_call() {
    for protocol in PROTOCOLS {
        for text in ["show", "drop"] {
            let _lines = ErrorLines::counted();
            let stage = Stage::new(Policy::check(move |_| async move {
                settle().await;
                Err(HubError::hidden(Explosive::at(text)))
            }));
            let mut peer = stage.connect(protocol).await;
            peer.invoke("1", "Enter", &[]).await;
            peer.send("Enter", &[]).await;
            peer.stream("2", "Count", &[json!(3)], &[]).await;
            assert_eq!(peer.heard().await.len(), 2);
            peer.invoke("4", "Echo", &[json!("x")]).await;
            assert_eq!(peer.heard().await, ["completion 4 result \"x\""]);
            assert!(stage.log.take().is_empty());
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn three_megabytes_reach_a_policy_and_the_method() {
    for protocol in PROTOCOLS {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&sizes);
        let policy = Policy::check_with_arguments(move |cx| {
            let noted = Arc::clone(&noted);
            async move {
                settle().await;
                noted.lock().unwrap().push(cx.argument::<String>(0)?.len());
                Ok(true)
            }
        });
        let stage = Stage::with(policy, |hub| hub.maximum_receive_message_size(4_000_000));
        for size in [0, 1, 3_000_000] {
            let mut peer = stage.connect(protocol).await;
            peer.invoke("1", "Large", &[json!("é".repeat(size / 2))])
                .await;
            let expected = format!("completion 1 result {}", size / 2 * 2);
            assert_eq!(peer.heard().await, [expected]);
            drop(peer);
        }
        assert_eq!(*sizes.lock().unwrap(), [0, 0, 3_000_000]);
        stage.server.leaves_nothing_behind().await;
    }
}

/// The policy and the method see the same names.
#[tokio::test(start_paused = true)]
async fn a_policy_reads_arguments_with_the_names_of_the_hub() {
    for protocol in PROTOCOLS {
        for at_once in [true, false] {
            let policy = Policy::check_with_arguments(move |cx: PolicyContext| async move {
                if !at_once {
                    settle().await;
                }
                if cx.method_name() == Some("Names") {
                    return Ok(true);
                }
                let order: Order = cx.argument(0)?;
                Ok(order.first_name == "Ann")
            });
            let stage = Stage::with(policy, |hub| hub.naming(Naming::DotNet));
            let mut peer = stage.connect(protocol).await;
            let name = match protocol {
                hubwire::protocol::HubProtocol::Json => ["firstName", "tableNumber"],
                hubwire::protocol::HubProtocol::MessagePack => ["FirstName", "TableNumber"],
            };
            let order = json!({name[0]: "Ann", name[1]: 7});
            peer.invoke("1", "Order", std::slice::from_ref(&order))
                .await;
            assert_eq!(
                peer.heard().await,
                ["completion 1 result \"Ann 7\""],
                "{protocol:?}"
            );
            peer.upload("2", "Names", &[], &["s"]).await;
            peer.item("s", order.clone()).await;
            peer.end("s").await;
            assert_eq!(
                peer.heard().await,
                ["completion 2 result \"Ann\""],
                "{protocol:?}"
            );
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

/// As hub code may keep a caller.
#[tokio::test(start_paused = true)]
async fn a_policy_that_keeps_its_context_keeps_no_connection_counted() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeping = Arc::clone(&kept);
    let stage = Stage::new(Policy::check(move |cx| {
        keeping.lock().unwrap().push(cx);
        async { Ok(true) }
    }));
    for protocol in PROTOCOLS {
        let mut peer = stage.connect(protocol).await;
        peer.invoke("1", "Enter", &[]).await;
        assert_eq!(peer.heard().await, ["completion 1 result null"]);
    }
    stage.server.leaves_nothing_behind().await;
    let caller = kept.lock().unwrap()[0].caller().unwrap().clone();
    let asked: Result<i32, _> = caller.clients().caller().invoke("Ask", ()).await;
    assert!(asked.is_err());
}

#[tokio::test(start_paused = true)]
async fn policies_ask_their_client_three_at_a_time() {
    for protocol in PROTOCOLS {
        let policy = Policy::check(async |cx: PolicyContext| {
            let clients = cx.caller().unwrap().clients();
            let first: bool = clients.caller().invoke("Ask", ("one",)).await?;
            let second: bool = clients.caller().invoke("Ask", ("two",)).await?;
            Ok(first && second)
        });
        let stage = Stage::with(policy, |hub| {
            hub.maximum_parallel_invocations_per_client(3.try_into().unwrap())
        });
        let mut peer = stage.connect(protocol).await;
        for id in 0..50 {
            peer.invoke(&id.to_string(), "Enter", &[]).await;
        }
        let mut done = 0;
        let mut rounds = 0;
        while done < 50 {
            rounds += 1;
            assert!(rounds < 200, "{done}");
            for heard in peer.heard().await {
                match heard.split(' ').collect::<Vec<_>>()[..] {
                    ["asked", id, "Ask"] => peer.answer(id, true).await,
                    ["completion", ..] => {
                        assert!(heard.ends_with("null"), "{heard}");
                        done += 1;
                    }
                    _ => panic!("{heard}"),
                }
            }
        }
        assert_eq!(stage.log.take().len(), 50);
        peer.invoke("x", "Echo", &[json!("x")]).await;
        assert_eq!(peer.heard().await, ["completion x result \"x\""]);
        drop(peer);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_kick_or_an_expiry_meets_a_pending_policy_and_a_full_upload() {
    for protocol in PROTOCOLS {
        for expires in [false, true] {
            let stage = Stage::with(falls_on_drop(), |hub| {
                hub.stream_buffer_capacity(1.try_into().unwrap())
            });
            let endpoint = stage
                .server
                .endpoint
                .clone()
                .close_on_authentication_expiration(true);
            #[expect(clippy::disallowed_methods, reason = "a time of the calendar")]
            let user = match expires {
                true => ann().expiring_at(SystemTime::now() + seconds(3)),
                false => ann(),
            };
            let mut peer = Peer::connect(&endpoint, Some(user), protocol).await;
            peer.upload("1", "Sum", &[], &["s"]).await;
            for number in 0..5 {
                peer.item("s", number).await;
            }
            peer.invoke("2", "Enter", &[]).await;
            assert!(peer.heard().await.is_empty());
            if expires {
                pass(seconds(5)).await;
            } else {
                let context = stage.server.context();
                assert_eq!(context.disconnect_user("ann", Disconnect::for_good()), 1);
            }
            assert_eq!(peer.heard().await.len(), 1);
            assert_eq!(stage.log.take().len(), 1);
            drop(peer);
            stage.server.leaves_nothing_behind().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_expires_while_being_welcomed_ends() {
    let stage = Stage::new(Policy::authenticated());
    let endpoint = stage
        .server
        .endpoint
        .clone()
        .close_on_authentication_expiration(true);
    #[expect(clippy::disallowed_methods, reason = "a time of the calendar")]
    let user = Principal::new([("sub", "slow")]).expiring_at(SystemTime::now() + seconds(3));
    let mut client = TestClient::open(&endpoint, Some(user));
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    assert_eq!(message(&mut client).await, json!({}));
    pass(seconds(5)).await;
    stage.gate.open(1);
    let goodbye = json!({"type": 7, "allowReconnect": true});
    assert_closed_with(&mut client, goodbye).await;
    settle().await;
    assert_eq!(stage.log.take(), ["the user's authentication has expired"]);
    stage.server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_kicks_its_caller_lets_nothing_run() {
    for protocol in PROTOCOLS {
        let context: Arc<Mutex<Option<HubContext<Pub>>>> = Arc::default();
        let kicking = Arc::clone(&context);
        let stage = Stage::new(Policy::check(move |_| {
            let context = kicking.lock().unwrap().clone().unwrap();
            async move {
                context.disconnect_user("ann", Disconnect::for_good().because("x"));
                Ok(true)
            }
        }));
        *context.lock().unwrap() = Some(stage.server.context());
        let mut peer = stage.connect(protocol).await;
        peer.invoke("1", "Enter", &[]).await;
        assert_eq!(peer.heard().await.len(), 1);
        assert_eq!(stage.log.take(), ["disconnected by the hub: x"]);
        drop(peer);
        *context.lock().unwrap() = None;
        stage.server.leaves_nothing_behind().await;
    }
}

/// The client reads everything at once.
#[tokio::test(start_paused = true)]
async fn a_reason_of_any_size_reaches_the_client() {
    let stage = Stage::new(Policy::authenticated());
    for size in [0, 1, 100_000, 3_000_000] {
        let mut client = stage.server.connect_as("ann").await;
        let mut reason = "x".repeat(size);
        let because = Disconnect::for_good().because(reason.clone());
        assert_eq!(stage.server.context().disconnect_user("ann", because), 1);
        let Received::Message(close) = next(&mut client).await else {
            panic!("no Close for a reason of {size} bytes");
        };
        if size > 1_024 {
            reason.truncate(1_024);
            reason.push_str("...");
        }
        assert!(close["error"] == *reason, "{size}");
        drop(client);
        stage.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_connects_and_disconnects_one_is_left_or_none() {
    for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
        let stage = Stage::with(Policy::authenticated(), |hub| {
            hub.one_connection_per_user(keep)
        });
        let mut clients = tokio::task::JoinSet::new();
        for number in 0..200 {
            let endpoint = stage.server.endpoint.clone();
            let context = stage.server.context();
            clients.spawn(async move {
                for round in 0..3 {
                    let mut client = TestClient::open(&endpoint, Some(ann()));
                    let handshake = json!({"protocol": "json", "version": 1});
                    if client.send_record(&handshake).await.is_err() {
                        continue;
                    }
                    match (number + round) % 4 {
                        0 => {}
                        1 => {
                            context.disconnect_user("ann", Disconnect::allowing_reconnect());
                        }
                        2 => {
                            let _ = client.receive().await;
                        }
                        _ => while matches!(client.receive().await, Ok(Received::Message(m)) if m["type"] != 7) {},
                    }
                }
            });
        }
        let ended = tokio::time::timeout(seconds(20), async {
            while !clients.is_empty() {
                tokio::select! {
                    Some(joined) = clients.join_next() => joined.unwrap(),
                    () = pass(seconds(1)) => {
                        stage.server.context().disconnect_user("ann", Disconnect::for_good());
                    }
                }
            }
        });
        ended.await.expect("all are told");
        stage.server.leaves_nothing_behind_soon().await;
        let mut last = stage.server.connect_as("ann").await;
        assert_eq!(last.invoke("Echo", ("x",)).await.unwrap(), "x");
        drop(last);
        stage.server.leaves_nothing_behind_soon().await;
    }
}
