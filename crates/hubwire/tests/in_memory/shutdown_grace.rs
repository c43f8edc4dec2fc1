//! A shutdown ends within its grace period whatever clients, brokers and threads do, and uses that time to
//! deliver what is queued.

use std::ops::RangeInclusive;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use hubwire::backplane::InProcessFarm;
use hubwire::testing::{PulledTransport, Received, TestClient};
use hubwire::{SignalR, hub};
use serde_json::json;
use test_support::farm::{Member, Node};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

const KIB: usize = 1024;

/// The seconds after which a shutdown ends everything that has not ended by itself.
const GRACE: f64 = 20.0;

/// The most seconds that it then waits, with a margin for real threads.
const LAST_GRACE: f64 = 3.0;

struct BusyHub {
    log: Log,
    released: Mutex<mpsc::Receiver<()>>,
}

#[hub]
impl BusyHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn never_end(&self) {
        std::future::pending::<()>().await;
    }

    /// Blocks its thread until the test lets it continue.
    pub fn block(&self) {
        self.log.note("blocks");
        let _ = self.released.lock().unwrap().recv();
    }
}

/// Returns the server, its log, and a sender that releases a blocked thread when it is dropped.
fn server() -> (TestServer<BusyHub>, Log, mpsc::Sender<()>) {
    let (log, (release, released)) = (Log::default(), mpsc::channel());
    let hub = BusyHub {
        log: log.clone(),
        released: Mutex::new(released),
    };
    let server = TestServer::with(hub, |options| {
        options
            .outbound_buffer_size(64 * KIB)
            .maximum_receive_message_size(None)
    });
    (server, log, release)
}

async fn connect_pulled(server: &TestServer<BusyHub>) -> TestClient<PulledTransport> {
    TestClient::connect_pulled(&server.endpoint).await.unwrap()
}

async fn assert_ends(signalr: &SignalR, expected: RangeInclusive<f64>) {
    let began = Instant::now();
    let ended = timeout(seconds(60), signalr.shutdown()).await;
    ended.expect("a shutdown ends");
    assert_elapsed(began, expected);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_left_does_not_delay_it() {
    let (server, ..) = server();
    let client = connect_pulled(&server).await;
    settle().await;
    let goes = async {
        settle().await;
        drop(client);
    };
    tokio::join!(assert_ends(&server.signalr, 0.0..=0.1), goes);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_waiting_for_a_broker_that_does_not_respond() {
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    let member = Member::of(&nodes[0]).await;
    nodes[0].link.hold();
    drop(member);
    nodes[0].server.signalr.shutdown().await;
    nodes[0].server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn it_ends_whatever_clients_do() {
    let (server, ..) = server();
    let mut clients = Vec::new();
    for state in 0..12 {
        let mut client = connect_pulled(&server).await;
        if state % 2 == 0 {
            client.start("NeverEnd", ()).await.unwrap();
        }
        if state % 3 == 0 {
            client.leave();
        }
        if state % 4 == 0 {
            client.start("Echo", ("x".repeat(70 * KIB),)).await.unwrap();
        }
        match state {
            5 => client.close().await.unwrap(),
            7 => client.send_bytes(b"{\"type\":1").await.unwrap(),
            _ => {}
        }
        clients.push(client);
    }
    clients.push(TestClient::open_pulled(&server.endpoint, None));
    assert_ends(&server.signalr, GRACE..=GRACE + 0.1).await;
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn it_ends_even_if_the_broker_does_not_respond() {
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    let mut member = Member::of(&nodes[0]).await;
    nodes[0].link.hold();
    let ends = assert_ends(&nodes[0].server.signalr, GRACE..=GRACE + LAST_GRACE);
    let goodbye = json!({"type": 7, "allowReconnect": true});
    tokio::join!(ends, assert_closed_with(&mut member.client, goodbye));
}

/// This uses the real clock, because time is not advanced while a thread is blocked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_ends_even_if_a_thread_is_blocked() {
    let (server, log, release) = server();
    let mut client = server.connect().await;
    client.send("Block", ()).await.unwrap();
    while log.take().is_empty() {
        settle().await;
    }
    assert_ends(&server.signalr, GRACE..=GRACE + LAST_GRACE).await;
    drop(release);
}

/// Takes longer than the 5 s that a client may take nothing at its end.
#[tokio::test(start_paused = true)]
async fn a_slow_client_still_receives_what_was_queued_before_it() {
    let (server, ..) = server();
    let mut client = server.connect().await;
    settle().await;
    for number in 0..20 {
        let all = server.context().clients().all();
        let text = "x".repeat(50_000);
        all.send("Text", (number, text)).await.unwrap();
    }
    let mut shutdown = JoinSet::new();
    let signalr = server.signalr.clone();
    shutdown.spawn(async move { signalr.shutdown().await });
    for number in 0..20 {
        assert_eq!(client.push().await.unwrap().1[0], number);
        pass(Duration::from_millis(500)).await;
    }
    let goodbye = json!({"type": 7, "allowReconnect": true});
    assert_eq!(message(&mut client).await, goodbye);
    assert_eq!(next(&mut client).await, Received::Closed(Some(1000)));
    shutdown.join_next().await.unwrap().unwrap();
    server.leaves_nothing_behind().await;
}
