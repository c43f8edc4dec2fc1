//! Clients that read are not disconnected and miss nothing, with either transport and however much is
//! sent at once.

use hubwire::testing::{ClientTransport, PulledTransport, Received, TestClient};
use hubwire::{DisconnectReason, HubCallerContext, hub, hub_client};
use test_support::in_memory::*;
use tokio::task::JoinSet;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// More than is sent on several threads, because the system may suspend any of them for a while.
const AMPLE: usize = 32 * MIB;

#[hub_client]
trait LoadClient {
    fn text(&self, number: u64, text: &str);
}

struct LoadHub {
    log: Log,
}

#[hub(client = LoadClient)]
impl LoadHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    /// Its completion shows that broadcasts reach the caller; the handshake's response does not.
    pub fn join(&self) {}
}

struct Fixture {
    server: TestServer<LoadHub>,
    log: Log,
}

/// A server that queues at most this much for each client.
fn fixture(maximum: usize) -> Fixture {
    let log = Log::default();
    let server = TestServer::with(LoadHub { log: log.clone() }, |options| {
        options
            .outbound_buffer_size(maximum.min(MIB))
            .maximum_outbound_buffer_size(maximum)
    });
    Fixture { server, log }
}

impl Fixture {
    async fn web_socket(&self) -> TestClient {
        let mut client = self.server.connect().await;
        client.invoke("Join", ()).await.unwrap();
        client
    }

    async fn pulled(&self) -> TestClient<PulledTransport> {
        let client = TestClient::connect_pulled(&self.server.endpoint).await;
        let mut client = client.unwrap();
        client.invoke("Join", ()).await.unwrap();
        client
    }

    /// Checks that the numbers below `count` reach everybody in order, and that nobody is disconnected.
    async fn all_is_read(self, mut reading: JoinSet<Vec<u64>>, count: u64) {
        let readers = reading.len();
        self.server.signalr.shutdown().await;
        assert_eq!(self.log.take(), vec!["ServerShutdown"; readers]);
        while let Some(read) = reading.join_next().await {
            let read = read.unwrap();
            let number = read.len();
            assert!(
                read.into_iter().eq(0..count),
                "{number} of {count} were read, or in another order"
            );
        }
        self.server.leaves_nothing_behind().await;
    }
}

/// Lets clients read in separate tasks until their connections end.
fn reading<T>(clients: impl IntoIterator<Item = TestClient<T>>) -> JoinSet<Vec<u64>>
where
    T: ClientTransport + 'static,
{
    let mut reading = JoinSet::new();
    for mut client in clients {
        reading.spawn(async move {
            let mut numbers = Vec::new();
            while let Received::Message(message) = next(&mut client).await {
                numbers.extend(message["arguments"][0].as_u64());
            }
            numbers
        });
    }
    reading
}

async fn many_broadcast_at_once(it: Fixture, client: TestClient<impl ClientTransport + 'static>) {
    let reading = reading([client]);
    settle().await;
    let mut senders = JoinSet::new();
    for number in 0..200 {
        let all = it.server.context().clients().all();
        senders.spawn(async move { all.text(number, &"x".repeat(16 * KIB)).await });
    }
    while let Some(sent) = senders.join_next().await {
        sent.unwrap().unwrap();
    }
    it.all_is_read(reading, 200).await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_broadcasts_before_the_first_write_may_exceed_the_maximum_several_times() {
    let it = fixture(MIB);
    let client = it.pulled().await;
    many_broadcast_at_once(it, client).await;
    let it = fixture(MIB);
    let client = it.web_socket().await;
    many_broadcast_at_once(it, client).await;
}

/// Broadcasts texts of these sizes, each awaited, in a task that has turns like those that read.
async fn broadcast_in_a_loop<T>(it: Fixture, clients: Vec<TestClient<T>>, sizes: &[usize])
where
    T: ClientTransport + 'static,
{
    let reading = reading(clients);
    settle().await;
    let all = it.server.context().clients().all();
    let texts: Vec<_> = sizes.iter().map(|size| "x".repeat(*size)).collect();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        for (number, text) in (0..).zip(&texts) {
            all.text(number, text).await.unwrap();
        }
    });
    sender.join_next().await.unwrap().unwrap();
    it.all_is_read(reading, sizes.len() as u64).await;
}

#[tokio::test(start_paused = true)]
async fn a_small_message_after_one_beyond_the_maximum_loses_nobody() {
    let sizes = [3 * MIB, 1];
    let it = fixture(2 * MIB);
    let client = it.pulled().await;
    broadcast_in_a_loop(it, vec![client], &sizes).await;
    let it = fixture(2 * MIB);
    let client = it.web_socket().await;
    broadcast_in_a_loop(it, vec![client], &sizes).await;
}

#[tokio::test(start_paused = true)]
async fn a_loop_of_broadcasts_loses_no_client_that_pulls() {
    for (clients, count, size) in [
        (10, 200, 16 * KIB),
        (1, 200, 16 * KIB),
        (1, 2000, KIB),
        (1, 20, 900_000),
    ] {
        let it = fixture(MIB);
        let mut pulling = Vec::new();
        for _ in 0..clients {
            pulling.push(it.pulled().await);
        }
        broadcast_in_a_loop(it, pulling, &vec![size; count]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_loop_of_broadcasts_on_several_threads_loses_nobody() {
    let it = fixture(AMPLE);
    let client = it.pulled().await;
    broadcast_in_a_loop(it, vec![client], &[16 * KIB; 200]).await;
    let it = fixture(AMPLE);
    let client = it.web_socket().await;
    broadcast_in_a_loop(it, vec![client], &[16 * KIB; 200]).await;
}

/// Reads like a client with long polling, which is away for a moment after each message.
async fn poll(mut client: TestClient<PulledTransport>) -> Vec<u64> {
    let mut numbers = Vec::new();
    while let Received::Message(message) = next(&mut client).await {
        numbers.extend(message["arguments"][0].as_u64());
        client.leave();
        client.come_back();
    }
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_leaves_after_each_message_and_comes_back_misses_nothing() {
    let it = fixture(AMPLE);
    let mut reading = JoinSet::new();
    reading.spawn(poll(it.pulled().await));
    let (all, text) = (it.server.context().clients().all(), "x".repeat(KIB));
    for number in 0..2000 {
        all.text(number, &text).await.unwrap();
        // Sometimes the client finds no message, sometimes several.
        if number % 4 == 0 {
            settle().await;
        }
    }
    it.all_is_read(reading, 2000).await;
}
