//! A client that sends endlessly does not prevent others from having their turns.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures_util::{Stream, StreamExt, stream};
use hubwire::protocol::{Opcode, write_masked_frame};
use hubwire::testing::TestClient;
use hubwire::{HubCallerContext, HubResult, hub};
use serde::{Deserialize, Deserializer};
use test_support::http_client::HttpClient;
use test_support::in_memory::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf};
use tokio::task::JoinSet;

/// The most that one turn of a connection does, including what its last step may add: items of two streams.
const MOST: usize = 256 + 2 * 32;

/// How many turns are measured.
const TURNS: usize = 200;

#[derive(Clone)]
struct TurnHub {
    done: Arc<AtomicUsize>,
    connecting: Gate,
}

#[hub]
impl TurnHub {
    async fn on_connected(&self, _cx: &HubCallerContext<Self>) -> HubResult {
        self.connecting.passed().await;
        Ok(())
    }

    pub fn tick(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    pub fn endless(&self, _asked: Asked) -> impl Stream<Item = u64> + use<> {
        let done = Arc::clone(&self.done);
        stream::repeat(0).inspect(move |_| {
            done.fetch_add(1, Ordering::Relaxed);
        })
    }

    pub fn few(&self) -> impl Stream<Item = u64> + use<> {
        let done = Arc::clone(&self.done);
        stream::iter(0..31).inspect(move |_| {
            done.fetch_add(1, Ordering::Relaxed);
        })
    }
}

thread_local! {
    /// How many calls of `Endless` arrived, including refused ones. Each test has its own thread.
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

struct Asked;

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ASKED.set(ASKED.get() + 1);
        <()>::deserialize(deserializer).map(|()| Self)
    }
}

struct Fixture {
    server: TestServer<TurnHub>,
    done: Arc<AtomicUsize>,
    connecting: Gate,
    tasks: JoinSet<()>,
}

impl Fixture {
    fn new() -> Self {
        let hub = TurnHub {
            done: Arc::default(),
            connecting: Gate::closed(),
        };
        Self {
            done: Arc::clone(&hub.done),
            connecting: hub.connecting.clone(),
            server: TestServer::new(hub),
            tasks: JoinSet::new(),
        }
    }

    async fn connected(&self) -> DuplexStream {
        self.connecting.open(1);
        let mut client = self.server.connect().await;
        client.invoke("Tick", ()).await.unwrap();
        client.into_pipe()
    }

    /// Lets a client send these bytes endlessly.
    fn flood(&mut self, pipe: DuplexStream, bytes: Vec<u8>) -> ReadHalf<DuplexStream> {
        let (reader, mut writer) = tokio::io::split(pipe);
        self.tasks.spawn(async move {
            loop {
                writer.write_all(&bytes).await.unwrap();
            }
        });
        reader
    }

    /// Returns a function that says how much was done since its last call.
    fn count_done(&self) -> impl FnMut() -> usize + Send + use<> {
        let done = Arc::clone(&self.done);
        move || done.swap(0, Ordering::Relaxed) + ASKED.take()
    }

    fn read_all(&mut self, mut reader: ReadHalf<DuplexStream>) {
        self.tasks.spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            while reader.read(&mut buffer).await.unwrap() > 0 {}
        });
    }

    async fn finish(mut self) {
        self.connecting.open(1);
        self.tasks.shutdown().await;
        self.server.leaves_nothing_behind().await;
    }
}

/// Returns the most that is done between two turns of others, and the total.
///
/// It runs in a separate task, which has turns like the tasks that serve connections.
async fn longest_turn(mut done: impl FnMut() -> usize + Send + 'static) -> (usize, usize) {
    let mut others = JoinSet::new();
    others.spawn(async move {
        let (mut longest, mut all) = (0, 0);
        done();
        for _ in 0..TURNS {
            to_the_back_of_the_line().await;
            let count = done();
            longest = longest.max(count);
            all += count;
        }
        (longest, all)
    });
    others.join_next().await.unwrap().unwrap()
}

/// Unlike this, tokio's `yield_now` waits for more than one turn of the others.
async fn to_the_back_of_the_line() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A text frame with this many copies of a record.
fn frame_of(record: &str, count: usize) -> Vec<u8> {
    text_frame(&format!("{record}\x1e").repeat(count))
}

fn text_frame(text: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, Opcode::Text, [1, 2, 3, 4], text.as_bytes());
    frame
}

fn pings(count: usize) -> Vec<u8> {
    let mut ping = Vec::new();
    write_masked_frame(&mut ping, Opcode::Ping, [1, 2, 3, 4], b"");
    ping.repeat(count)
}

const TICK: &str = r#"{"type":1,"target":"Tick","arguments":[]}"#;

async fn calls_leave_turns_to_others(flood: Vec<u8>) {
    let mut it = Fixture::new();
    let pipe = it.connected().await;
    let reader = it.flood(pipe, flood);
    it.read_all(reader);
    let (longest, all) = longest_turn(it.count_done()).await;
    assert!(longest <= MOST, "{longest} calls in one turn");
    assert!(all > 10 * MOST, "only {all} calls");
    it.finish().await;
}

#[tokio::test(start_paused = true)]
async fn calls_in_one_frame_leave_turns_to_others() {
    calls_leave_turns_to_others(frame_of(TICK, 1_300)).await;
}

#[tokio::test(start_paused = true)]
async fn calls_in_separate_frames_leave_turns_to_others() {
    calls_leave_turns_to_others(frame_of(TICK, 1).repeat(1_300)).await;
}

#[tokio::test(start_paused = true)]
async fn calls_in_posts_leave_turns_to_others() {
    let mut it = Fixture::new();
    it.connecting.open(1);
    let (client, mut events) = HttpClient::start_event_stream(&it.server.endpoint).await;
    let calls = format!("{TICK}\x1e").repeat(1_300);
    it.tasks.spawn(async move {
        loop {
            client.post(calls.clone()).await;
        }
    });
    it.tasks
        .spawn(async move { while events.next().await.is_some() {} });
    let (longest, all) = longest_turn(it.count_done()).await;
    assert!(longest <= MOST, "{longest} calls in one turn");
    assert!(all > 10 * MOST, "only {all} calls");
    it.finish().await;
}

/// Takes the bytes that wait for the client, and returns their number.
fn take_what_waits(reader: &mut ReadHalf<DuplexStream>) -> usize {
    let mut bytes = vec![0; 64 * 1024];
    let mut buffer = ReadBuf::new(&mut bytes);
    let mut cx = Context::from_waker(Waker::noop());
    let _ = Pin::new(reader).poll_read(&mut cx, &mut buffer);
    buffer.filled().len()
}

async fn pings_leave_turns_to_others(mut it: Fixture, pipe: DuplexStream) {
    let mut reader = it.flood(pipe, pings(1_000));
    let (longest, all) = longest_turn(move || take_what_waits(&mut reader) / 2).await;
    assert!(longest <= MOST, "{longest} pongs in one turn");
    assert!(all > 10 * MOST, "only {all} pongs");
    it.finish().await;
}

#[tokio::test(start_paused = true)]
async fn pings_leave_turns_to_others_at_any_time_of_a_connection() {
    let it = Fixture::new();
    let before_the_handshake = it.server.open().into_pipe();
    pings_leave_turns_to_others(it, before_the_handshake).await;

    let it = Fixture::new();
    let while_connecting = it.server.connect().await.into_pipe();
    pings_leave_turns_to_others(it, while_connecting).await;

    let it = Fixture::new();
    let connected = it.connected().await;
    pings_leave_turns_to_others(it, connected).await;
}

#[tokio::test(start_paused = true)]
async fn items_of_short_streams_leave_turns_to_others() {
    let mut it = Fixture::new();
    let pipe = it.connected().await;
    let reader = it.flood(pipe, frame_of(&stream_call("1", "Few"), 100));
    it.read_all(reader);
    let (longest, all) = longest_turn(it.count_done()).await;
    assert!(longest <= MOST, "{longest} items in one turn");
    assert!(all > 10 * MOST, "only {all} items");
    it.finish().await;
}

fn stream_call(id: &str, target: &str) -> String {
    format!(r#"{{"type":4,"invocationId":"{id}","target":"{target}","arguments":[]}}"#)
}

/// A frame of stream calls: the first hundred become endless streams, and all later calls are refused.
fn endless_streams(count: usize) -> Vec<u8> {
    let call = |id| {
        format!(r#"{{"type":4,"invocationId":"{id}","target":"Endless","arguments":[null]}}"#)
            + "\x1e"
    };
    text_frame(&(0..count).map(call).collect::<String>())
}

#[tokio::test(start_paused = true)]
async fn endless_streams_and_those_refused_leave_turns_to_others() {
    let mut it = Fixture::new();
    let pipe = it.connected().await;
    let reader = it.flood(pipe, endless_streams(1_300));
    it.read_all(reader);
    let (longest, all) = longest_turn(it.count_done()).await;
    assert!(longest <= MOST, "{longest} items and calls in one turn");
    assert!(all > 10 * MOST, "only {all} items and calls");
    it.finish().await;
}

/// Returns the most that is done between a call of a client and its completion.
///
/// It runs in a separate task, which has turns like the tasks that serve connections.
async fn longest_call(
    mut client: TestClient,
    mut done: impl FnMut() -> usize + Send + 'static,
) -> usize {
    let mut others = JoinSet::new();
    others.spawn(async move {
        let mut longest = 0;
        for _ in 0..20 {
            done();
            client.invoke("Tick", ()).await.unwrap();
            longest = longest.max(done());
        }
        longest
    });
    others.join_next().await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_few_turns_of_flooding_clients() {
    const FLOODS: usize = 8;
    let mut it = Fixture::new();
    it.connecting.open(1);
    let honest = it.server.connect().await;
    for _ in 0..FLOODS / 2 {
        let pipe = it.connected().await;
        let reader = it.flood(pipe, endless_streams(1_300));
        it.read_all(reader);
        let pipe = it.connected().await;
        let reader = it.flood(pipe, frame_of(TICK, 1_300));
        it.read_all(reader);
    }
    let longest = longest_call(honest, it.count_done()).await;
    assert!(longest <= 2 * FLOODS * MOST, "{longest} messages of others");
    it.finish().await;
}
