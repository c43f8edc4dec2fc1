//! Loops of sends on one node of a farm, and the tasks that share their thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hubwire::backplane::InProcessFarm;
use hubwire::{DisconnectReason, HubCallerContext, SignalR, hub};
use test_support::in_memory::*;
use tokio::task::JoinSet;

const KIB: usize = 1024;

struct TurnsHub {
    log: Log,
}

#[hub]
impl TurnsHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(reason.to_string());
    }
}

fn node(farm: Option<&InProcessFarm>) -> (TestServer<TurnsHub>, Log) {
    let log = Log::default();
    let mut signalr = SignalR::builder();
    if let Some(farm) = farm {
        signalr = signalr.backplane(farm.node());
    }
    let hub = TurnsHub { log: log.clone() };
    let server = TestServer::on(signalr.build(), hub, |options| {
        options
            .outbound_buffer_size(64 * KIB)
            .maximum_outbound_buffer_size(64 * KIB)
    });
    (server, log)
}

/// Returns how many turns another task gets while a loop only sends.
async fn turns_of_others(server: &TestServer<TurnsHub>) -> usize {
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    let mut other = JoinSet::new();
    other.spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..10_000 {
        let all = server.context().clients().all();
        all.send("Text", ("text",)).await.unwrap();
    }
    turns.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_loop_of_sends_leaves_turns_to_others_on_one_node() {
    let (server, _) = node(None);
    let turns = turns_of_others(&server).await;
    assert!(turns >= 30, "{turns} turns");
}

#[tokio::test]
async fn a_loop_of_sends_leaves_turns_to_others_in_a_farm() {
    let farm = InProcessFarm::new();
    let (first, _) = node(Some(&farm));
    let (_second, _) = node(Some(&farm));
    let turns = turns_of_others(&first).await;
    assert!(turns >= 30, "{turns} turns");
}

/// Broadcasts through one node to a client of another, which reads whenever it gets a turn.
async fn all_are_read(through: &TestServer<TurnsHub>, of: &TestServer<TurnsHub>, log: &Log) {
    const COUNT: usize = 200;
    let mut client = of.connect().await;
    let mut reading = JoinSet::new();
    reading.spawn(async move {
        for number in 0..COUNT {
            let Ok((_, arguments)) = client.push().await else {
                return (number, client);
            };
            assert_eq!(arguments[0], number);
        }
        (COUNT, client)
    });
    settle().await;
    let text = "x".repeat(4 * KIB);
    for number in 0..COUNT {
        let all = through.context().clients().all();
        all.send("Text", (number, &text)).await.unwrap();
    }
    let (read, _client) = reading.join_next().await.unwrap().unwrap();
    assert_eq!((read, log.take()), (COUNT, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_up_stays_connected_to_the_senders_node() {
    let farm = InProcessFarm::new();
    let (first, log) = node(Some(&farm));
    all_are_read(&first, &first, &log).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_up_stays_connected_to_another_node() {
    let farm = InProcessFarm::new();
    let (first, _) = node(Some(&farm));
    let (second, log) = node(Some(&farm));
    all_are_read(&first, &second, &log).await;
}
