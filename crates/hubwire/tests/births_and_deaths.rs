//! Ten thousand connections that live, call, panic and end at random: all of them end completely
//! and leave nothing behind.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "births_and_deaths/http.rs"]
mod http;

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hubwire::testing::{ClientTransport, Received, TestClient};
use hubwire::{
    CancellationToken, DisconnectReason, HubBuilder, HubCallerContext, HubError, HubResult,
    Principal, SignalR, StreamReader, hub, hub_client,
};
use serde_json::{Value, json};
use test_support::bombs::{Bomb, Explosive};
use test_support::in_memory::*;
use test_support::packed::PackedClient;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Numbers that look random and are the same for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}

/// How often each hook ran for each connection, and which values of hub code are alive.
#[derive(Clone, Default)]
struct Ledger {
    hooks: Arc<Mutex<BTreeMap<String, (usize, usize)>>>,
    alive: Arc<()>,
}

impl Ledger {
    fn note(&self, cx: &HubCallerContext<MortalHub>, change: impl FnOnce(&mut (usize, usize))) {
        let mut hooks = self.hooks.lock().unwrap();
        change(hooks.entry(cx.connection_id().to_string()).or_default());
    }

    /// Checks that every connection with a first hook had its last hook, and both once.
    fn assert_is_paired(&self, births: usize) {
        let hooks = std::mem::take(&mut *self.hooks.lock().unwrap());
        let unpaired: Vec<_> = hooks.iter().filter(|(_, ran)| **ran != (1, 1)).collect();
        assert!(unpaired.is_empty(), "{unpaired:?}");
        assert!(hooks.len() > births / 2, "{} of {births}", hooks.len());
    }
}

/// A value that may panic when it is dropped, as its text says, and is counted until then.
type Mortal = (Bomb, Arc<()>);

#[hub_client]
trait MortalClient {
    fn confirm(&self) -> bool;
}

struct MortalHub {
    ledger: Ledger,
    background: Arc<Mutex<JoinSet<()>>>,
}

impl MortalHub {
    fn mortal(&self, text: &str) -> Mortal {
        (Bomb::new(text), Arc::clone(&self.ledger.alive))
    }
}

#[hub(client = MortalClient)]
impl MortalHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups().add(cx.connection_id(), "mortals").await?;
        match cx.user_id().map(|user| user.to_string()).as_deref() {
            Some("panics") => panic!("secret"),
            Some("refused") => return Err(HubError::new("not today")),
            Some("fails") => return Err(Explosive::at("drop").into()),
            Some("slow") => pass(Duration::from_millis(20)).await,
            _ => {}
        }
        self.ledger.note(cx, |(connected, _)| *connected += 1);
        Ok(())
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        _: &DisconnectReason,
    ) -> HubResult {
        self.ledger.note(cx, |(_, disconnected)| *disconnected += 1);
        let user = cx.user_id().map(|user| user.to_string());
        assert!(user.as_deref() != Some("panics at the end"), "secret");
        match user.as_deref() {
            Some("fails at the end") => Err(Explosive::at("drop").into()),
            _ => Ok(()),
        }
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn take(&self, bomb: Bomb) -> usize {
        bomb.0.len()
    }

    pub fn give(&self, text: String) -> Bomb {
        Bomb(text)
    }

    pub fn panic(&self) {
        panic!("secret");
    }

    pub fn fail(&self, text: String) -> Result<(), Explosive> {
        Err(Explosive::at(&text))
    }

    pub fn break_off(&self, text: String) -> impl Stream<Item = Result<i32, Explosive>> {
        stream::iter([Ok(1), Err(Explosive::at(&text))])
    }

    pub fn fail_once_cancelled(
        &self,
        text: String,
        cancel: CancellationToken,
    ) -> impl Stream<Item = HubResult<i32>> {
        stream::once(async move {
            cancel.cancelled().await;
            Err(Explosive::at(&text).into())
        })
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    pub fn keep(&self, cx: &HubCallerContext<Self>, text: String) {
        cx.items().insert(self.mortal(&text));
    }

    pub async fn wait(&self, milliseconds: u64, bomb: Bomb) {
        let kept = (self.mortal("good"), bomb);
        pass(Duration::from_millis(milliseconds)).await;
        drop(kept);
    }

    pub async fn wait_until_the_end(&self, cx: &HubCallerContext<Self>, text: String) {
        let kept = self.mortal(&text);
        cx.connection_aborted().cancelled().await;
        drop(kept);
    }

    pub async fn wait_for_a_cancel(&self, cancel: CancellationToken) {
        cancel.cancelled().await;
    }

    pub async fn tell_all(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult {
        let mortals = cx.clients().group("mortals");
        mortals.send("Told", (Bomb(text),)).await?;
        Ok(())
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm().await?)
    }

    pub fn ask_later(&self, cx: &HubCallerContext<Self>) {
        let (cx, kept) = (cx.clone(), self.mortal("good"));
        self.background.lock().unwrap().spawn(async move {
            let _ = cx.clients().caller().confirm().await;
            drop(kept);
        });
    }

    pub async fn read(&self, mut bombs: StreamReader<Bomb>) -> HubResult<usize> {
        let mut count = 0;
        while let Some(bomb) = bombs.next().await {
            drop(bomb?);
            count += 1;
        }
        Ok(count)
    }

    pub async fn read_second_first(
        &self,
        first: StreamReader<Bomb>,
        mut second: StreamReader<Bomb>,
    ) -> HubResult {
        while let Some(bomb) = second.next().await {
            drop(bomb?);
        }
        drop(first);
        Ok(())
    }

    pub fn stream(&self, text: String) -> impl Stream<Item = Bomb> {
        let kept = self.mortal("good");
        let last = Bomb(text);
        stream::iter(0..20)
            .map(|number| Bomb::new(number.to_string()))
            .chain(stream::iter([last]))
            .inspect(move |_| {
                let _kept = &kept;
            })
    }

    pub fn hold(&self, bomb: Bomb) -> impl Stream<Item = i32> {
        let kept = (self.mortal("good"), bomb);
        stream::once(async move {
            pending::<()>().await;
            drop(kept);
            0
        })
    }

    pub fn hold_with_a_token(
        &self,
        bomb: Bomb,
        _cancel: CancellationToken,
    ) -> impl Stream<Item = i32> {
        let kept = (self.mortal("good"), bomb);
        stream::once(async move {
            pending::<()>().await;
            drop(kept);
            0
        })
    }

    pub fn flood(&self, _cancel: CancellationToken) -> impl Stream<Item = i32> {
        let kept = self.mortal("drop");
        stream::unfold((0, kept), |(number, kept)| async move {
            pass(Duration::from_millis(200)).await;
            Some((number, (number + 1, kept)))
        })
    }
}

const TEXTS: [&str; 7] = ["good", "decode", "encode", "drop", "clone", "show", "good"];

/// Returns the messages of one action of a client; ids sometimes repeat.
fn action(random: &mut Random) -> Vec<Value> {
    let id = random.below(6).to_string();
    let text = random.one_of(&TEXTS);
    let call = |kind: u8, target: &str, arguments: Value, streams: Value| {
        json!({"type": kind, "invocationId": id, "target": target,
            "arguments": arguments, "streamIds": streams})
    };
    let plain = |target: &str, arguments: Value| vec![call(1, target, arguments, json!([]))];
    let streaming = |target: &str, arguments: Value| vec![call(4, target, arguments, json!([]))];
    match random.below(25) {
        0 => plain("Echo", json!([text])),
        1 => plain("Take", json!([text])),
        2 => plain("Give", json!([text])),
        3 => plain("Panic", json!([])),
        4 => plain("Keep", json!([text])),
        5 => plain("Wait", json!([random.below(50), text])),
        6 => plain("WaitUntilTheEnd", json!([text])),
        7 => plain("WaitForACancel", json!([])),
        8 => plain("TellAll", json!([text])),
        9 => plain("Ask", json!([])),
        10 => plain("AskLater", json!([])),
        11 => plain("Stream", json!([text])),
        12 => streaming("Stream", json!([text])),
        13 => streaming("Hold", json!([text])),
        14 => streaming("HoldWithAToken", json!([text])),
        15 => streaming("Flood", json!([])),
        16 => streaming("Take", json!([text])),
        17 => upload(random, call(1, "Read", json!([]), json!(["a"]))),
        18 => upload(
            random,
            call(1, "ReadSecondFirst", json!([]), json!(["a", "b"])),
        ),
        19 => upload(random, call(1, "Take", json!([text]), json!(["a"]))),
        20 => plain("Fail", json!([text])),
        21 => streaming("BreakOff", json!([text])),
        22 => streaming("FailOnceCancelled", json!([text])),
        _ => vec![json!({"type": 5, "invocationId": id})],
    }
}

fn upload(random: &mut Random, call: Value) -> Vec<Value> {
    let mut records = vec![call];
    for _ in 0..random.below(15) {
        let text = random.one_of(&TEXTS);
        records.push(json!({"type": 2, "invocationId": "a", "item": text}));
    }
    if random.below(2) == 0 {
        records.push(json!({"type": 3, "invocationId": "a"}));
        records.push(json!({"type": 3, "invocationId": "b"}));
    }
    records
}

/// Receives for a moment, and usually confirms what it is asked.
async fn listen<T: ClientTransport>(
    client: &mut TestClient<T>,
    random: &mut Random,
) -> io::Result<()> {
    let moment = Duration::from_millis(random.below(10));
    while let Ok(received) = timeout(moment, client.receive()).await {
        match received? {
            Received::Message(message) if message["target"] == "Confirm" && random.below(4) > 0 => {
                let id = &message["invocationId"];
                let answer = json!({"type": 3, "invocationId": id, "result": true});
                client.send_record(&answer).await?;
            }
            Received::Closed(_) | Received::Lost => return Err(io::ErrorKind::BrokenPipe.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Runs until the client ends, which may happen at any moment; an error counts as an end.
async fn live<T: ClientTransport>(
    mut client: TestClient<T>,
    random: &mut Random,
) -> io::Result<()> {
    if random.below(20) == 0 {
        return client.send_bytes(b"{\"protocol\":").await;
    }
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await?;
    for _ in 0..random.below(8) {
        for record in action(random) {
            client.send_record(&record).await?;
        }
        if random.below(2) == 0 {
            listen(&mut client, random).await?;
        }
    }
    match random.below(6) {
        0 => client.close().await?,
        1 => client.send_record(&json!({"type": 7})).await?,
        2 => client.send_bytes(b"no json\x1e").await?,
        3 => client.send("Abort", ()).await?,
        _ => return Ok(()),
    }
    listen(&mut client, random).await
}

/// Runs the same in MessagePack.
async fn live_packed(client: TestClient, random: &mut Random) -> io::Result<()> {
    let mut client = PackedClient::handshaken(client).await?;
    for _ in 0..random.below(8) {
        for record in action(random) {
            client.send_record(&record).await?;
        }
        let moment = Duration::from_millis(random.below(10));
        for id in client.invocations(moment).await? {
            if random.below(4) > 0 {
                let answer = json!({"type": 3, "invocationId": id, "result": true});
                client.send_record(&answer).await?;
            }
        }
    }
    match random.below(4) {
        0 => client.close().await,
        1 => client.send_record(&json!({"type": 7})).await,
        _ => Ok(()),
    }
}

async fn be_born_and_live(server: Arc<TestServer<MortalHub>>, seed: u64) {
    let mut random = Random(seed);
    let users = [
        "panics",
        "refused",
        "slow",
        "panics at the end",
        "fails",
        "fails at the end",
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
    ];
    let user = random.one_of(&users);
    let principal = Principal::new([("sub", user)]);
    let endpoint = &server.endpoint;
    // The client does not know how it ends.
    let _ = match random.below(5) {
        0 => live(TestClient::open(endpoint, Some(principal)), &mut random).await,
        1 => live_packed(TestClient::open(endpoint, Some(principal)), &mut random).await,
        2 => {
            let client = TestClient::open_pulled(endpoint, Some(principal));
            live(client, &mut random).await
        }
        _ => {
            http::live(endpoint, user, &mut random).await;
            Ok(())
        }
    };
}

/// Silences expected panics, because there are too many of them.
fn silence_meant_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some("secret") {
                others(info);
            }
        }));
    });
}

struct Stage {
    server: Arc<TestServer<MortalHub>>,
    ledger: Ledger,
    background: Arc<Mutex<JoinSet<()>>>,
}

impl Stage {
    fn new(configure: impl FnOnce(HubBuilder<MortalHub>) -> HubBuilder<MortalHub>) -> Self {
        silence_meant_panics();
        let (ledger, background) = (Ledger::default(), Arc::default());
        let hub = MortalHub {
            ledger: ledger.clone(),
            background: Arc::clone(&background),
        };
        let signalr = SignalR::builder().maximum_orphaned_calls(100).build();
        let mut server = TestServer::on(signalr, hub, configure);
        let away = Duration::from_millis(100);
        server.endpoint = server.endpoint.disconnect_timeout(away);
        Self {
            server: Arc::new(server),
            ledger,
            background,
        }
    }

    /// Runs this many connections, some of them concurrently.
    async fn live(&self, seed: u64, lives: u64, at_a_time: usize) {
        let mut living = JoinSet::new();
        for number in 0..lives {
            let server = Arc::clone(&self.server);
            living.spawn(be_born_and_live(server, Random(seed ^ number << 32).next()));
            if living.len() >= at_a_time {
                living.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(lived) = living.join_next().await {
            lived.unwrap();
        }
    }

    async fn has_ended_whole(self, births: usize) {
        self.server.leaves_nothing_behind_soon().await;
        let mut background = std::mem::take(&mut *self.background.lock().unwrap());
        while let Some(ended) = background.join_next().await {
            ended.unwrap();
        }
        self.ledger.assert_is_paired(births);
        let hub_and_test = 2;
        assert_eq!(Arc::strong_count(&self.ledger.alive), hub_and_test);
        // The server still works for new clients.
        let mut client = self.server.connect().await;
        let told = client.invoke("TellAll", ("news",)).await;
        assert_eq!(told, Ok(Value::Null));
        assert_eq!(client.push().await.unwrap().1, json!(["news"]));
    }
}

#[tokio::test(start_paused = true)]
async fn in_one_thread() {
    for seed in [1, 20, 300, 4_000] {
        println!("seed {seed}");
        let stage = Stage::new(|options| options);
        stage.live(seed, 2_500, 40).await;
        // Streams that ignore their tokens, results that do not arrive, calls that wait for calls.
        pass(seconds(120)).await;
        stage.has_ended_whole(2_500).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_several_threads() {
    let seed = 5;
    println!("seed {seed}");
    let short = Duration::from_millis(100);
    let stage = Stage::new(|options| {
        options
            .cancelled_stream_timeout(short)
            .client_result_timeout(short)
            .client_timeout_interval(short)
            .handshake_timeout(short)
    });
    stage.live(seed, 1_000, 40).await;
    // Ids that were never opened, and ends that were never polled.
    pass(seconds(17)).await;
    stage.has_ended_whole(1_000).await;
}
