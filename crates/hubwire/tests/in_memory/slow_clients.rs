//! What waits, and for how long, if a client does not read its messages.

use std::num::NonZeroUsize;

use futures_util::{Stream, stream};
use hubwire::testing::{Received, TestClient};
use hubwire::{ConnectionId, DisconnectReason, HubCallerContext, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::Instant;

const KIB: usize = 1024;
const BROADCASTS: usize = 200;

struct SlowHub {
    log: Log,
}

#[hub]
impl SlowHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    pub fn id(&self, cx: &HubCallerContext<Self>) -> ConnectionId {
        cx.connection_id().clone()
    }

    pub fn note(&self, text: String) {
        self.log.note(text);
    }

    pub async fn tick(&self) {
        for _ in 0..60 {
            pass(seconds(1)).await;
            self.log.note("tick");
        }
    }
}

/// A server that queues 64 KiB for each client before senders wait, in addition to the 64 KiB of the pipe.
fn server() -> (TestServer<SlowHub>, Log) {
    let log = Log::default();
    let server = TestServer::with(SlowHub { log: log.clone() }, |options| {
        let slots = NonZeroUsize::new(3).unwrap();
        options
            .outbound_buffer_size(64 * KIB)
            .maximum_parallel_invocations_per_client(slots)
    });
    (server, log)
}

async fn id_of(client: &mut TestClient) -> String {
    let id = client.invoke("Id", ()).await.unwrap();
    id.as_str().unwrap().to_owned()
}

fn text() -> String {
    "x".repeat(16 * KIB)
}

/// Sends numbered texts to one connection, and notes each one.
fn keep_sending(server: &TestServer<SlowHub>, id: &str, count: usize, log: &Log) -> JoinSet<()> {
    let client = server.context().clients().client(id);
    let log = log.clone();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        for number in 0..count {
            client.send("Text", (number, text())).await.unwrap();
            log.note("sent");
        }
        log.note("all sent");
    });
    sender
}

/// Reads until the connection ends, and counts the pushes.
fn keep_reading(mut client: TestClient) -> JoinSet<usize> {
    let mut reader = JoinSet::new();
    reader.spawn(async move {
        let mut count = 0;
        while matches!(next(&mut client).await, Received::Message(push) if push["type"] == 1) {
            count += 1;
        }
        count
    });
    reader
}

#[tokio::test(start_paused = true)]
async fn a_send_to_one_client_waits_until_there_is_room() {
    let (server, log) = server();
    let mut client = server.connect().await;
    let id = id_of(&mut client).await;
    let _sender = keep_sending(&server, &id, 20, &log);
    pass(seconds(9)).await;
    let sent = log.take().len();
    assert!(
        (4..=8).contains(&sent),
        "{sent} texts fit in the pipe and the queue"
    );
    for number in 0..20 {
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], number);
    }
    settle().await;
    assert_eq!(log.take().last().unwrap(), "all sent");
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_send_waits_for_the_send_timeout_at_most_and_its_message_stays_queued() {
    let (server, log) = server();
    let endpoint = server.endpoint.clone().transport_send_timeout(seconds(3));
    let mut client = TestClient::connect(&endpoint).await.unwrap();
    let id = id_of(&mut client).await;
    let _sender = keep_sending(&server, &id, 20, &log);
    settle().await;
    let at_once = log.take().len();
    pass(seconds(9)).await;
    assert_eq!(log.take().len(), 3, "one every three seconds");
    for number in 0..at_once + 4 {
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], number);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_for_a_minute_is_disconnected_and_its_senders_continue() {
    let (server, log) = server();
    let mut client = server.connect().await;
    let id = id_of(&mut client).await;
    let began = Instant::now();
    let mut first = keep_sending(&server, &id, 20, &log);
    let mut second = keep_sending(&server, &id, 20, &log);
    first.join_next().await.unwrap().unwrap();
    second.join_next().await.unwrap().unwrap();
    assert_elapsed(began, 60.0..=62.0);
    settle().await;
    assert!(log.take().contains(&"TooSlow".to_owned()));
    let heard = heard_within(&mut client, seconds(1)).await;
    assert_eq!(heard.last(), Some(&Received::Lost));
    assert!(heard.len() <= 8, "nothing follows what the pipe held");
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_progress_timeout_can_be_set_and_a_steady_reader_meets_it() {
    let (server, log) = server();
    let endpoint = server
        .endpoint
        .clone()
        .transport_progress_timeout(seconds(20));
    let mut client = TestClient::connect(&endpoint).await.unwrap();
    let id = id_of(&mut client).await;
    let mut sender = keep_sending(&server, &id, 40, &log);
    // The client reads less than 64 KiB in ten seconds, but more in twenty.
    for number in 0..30 {
        pass(seconds(3)).await;
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], number);
    }
    assert!(!log.take().contains(&"TooSlow".to_owned()));
    let began = Instant::now();
    while !log.take().contains(&"TooSlow".to_owned()) {
        pass(seconds(1)).await;
    }
    assert_elapsed(began, 1.0..=22.0);
    sender.join_next().await.unwrap().unwrap();
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_waits_for_nobody_and_disconnects_a_slow_client_at_the_maximum() {
    let log = Log::default();
    let server = TestServer::with(SlowHub { log: log.clone() }, |options| {
        options
            .outbound_buffer_size(64 * KIB)
            .maximum_outbound_buffer_size(64 * KIB)
    });
    let mut slow = server.connect().await;
    let mut reading = keep_reading(server.connect().await);
    let began = Instant::now();
    for _ in 0..40 {
        let all = server.context().clients().all();
        all.send("Text", (text(),)).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_elapsed(began, 0.0..=0.0);
    settle().await;
    assert_eq!(log.take(), ["TooSlow"]);
    assert_eq!(server.signalr.statistics().connections, 1);
    let heard = heard_within(&mut slow, seconds(1)).await;
    assert_eq!(heard.last(), Some(&Received::Lost));
    server.signalr.shutdown().await;
    // The last message is the Close.
    assert_eq!(reading.join_next().await.unwrap().unwrap(), 40);
    server.leaves_nothing_behind().await;
}

/// Broadcasts 3 MiB in a loop that never yields by itself.
async fn broadcast_in_a_loop(clients: usize) {
    let log = Log::default();
    let server = TestServer::new(SlowHub { log: log.clone() });
    let mut reading = Vec::new();
    for _ in 0..clients {
        reading.push(keep_reading(server.connect().await));
    }
    let all = server.context().clients().all();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        for _ in 0..BROADCASTS {
            all.send("Text", (text(),)).await.unwrap();
        }
    });
    sender.join_next().await.unwrap().unwrap();
    settle().await;
    assert_eq!(log.take(), [""; 0], "none of {clients} was disconnected");
    server.signalr.shutdown().await;
    for client in &mut reading {
        assert_eq!(client.join_next().await.unwrap().unwrap(), BROADCASTS);
    }
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_loop_of_broadcasts_loses_none_of_many_clients_that_read() {
    broadcast_in_a_loop(10).await;
}

#[tokio::test(start_paused = true)]
async fn a_loop_of_broadcasts_does_not_lose_the_only_client_that_reads() {
    broadcast_in_a_loop(1).await;
}

/// Queues far more than the bound at once, which is allowed until the socket refuses bytes.
fn flood(server: &TestServer<SlowHub>, count: usize) {
    let all = server.context().clients().all();
    for number in 0..count {
        drop(all.start_send("Text", &(number, text())));
    }
}

#[tokio::test(start_paused = true)]
async fn while_its_queue_is_full_a_clients_calls_wait_but_running_calls_continue() {
    let (server, log) = server();
    let mut client = server.connect().await;
    client.send("Tick", ()).await.unwrap();
    settle().await;
    flood(&server, 12);
    settle().await;
    client.send("Note", ("taken",)).await.unwrap();
    pass(seconds(5)).await;
    assert_eq!(log.take(), ["tick"; 5]);
    for number in 0..12 {
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], number);
    }
    settle().await;
    assert_eq!(log.take(), ["taken"]);
    drop(client);
    pass(seconds(60)).await;
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pings_and_reads_slowly_is_not_timed_out_while_its_queue_is_full() {
    let log = Log::default();
    let server = TestServer::new(SlowHub { log: log.clone() });
    let mut client = server.connect().await;
    ping(&mut client).await;
    settle().await;
    flood(&server, 200);
    for number in 0..120 {
        if number % 10 == 0 {
            ping(&mut client).await;
        }
        pass(seconds(1)).await;
        assert_eq!(
            log.take(),
            [""; 0],
            "{number} s of all that a client has to do"
        );
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], number);
    }
    for number in 120..200 {
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], number);
    }
    let id = client.invoke("Id", ()).await;
    assert!(matches!(id, Ok(Value::String(_))));
    drop(client);
    server.leaves_nothing_behind().await;
}

#[hub]
impl IdleStreamsHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> ConnectionId {
        cx.connection_id().clone()
    }

    pub fn ticks(&self) -> impl Stream<Item = u32> {
        let gate = self.gate.clone();
        stream::unfold(0, move |number| {
            let gate = gate.clone();
            async move {
                gate.passed().await;
                Some((number, number + 1))
            }
        })
    }
}

struct IdleStreamsHub {
    gate: Gate,
}

#[tokio::test(start_paused = true)]
async fn idle_streams_delay_neither_senders_nor_each_other() {
    let gate = Gate::closed();
    let server = TestServer::new(IdleStreamsHub { gate: gate.clone() });
    let mut client = server.connect().await;
    let id = client.invoke("Id", ()).await.unwrap();
    for number in 0..99 {
        let call = json!({"type": 4, "invocationId": number.to_string(), "target": "Ticks", "arguments": []});
        client.send_record(&call).await.unwrap();
    }
    settle().await;
    // All streams have an item for which there is no room.
    let only = server.context().clients().client(id.as_str().unwrap());
    let text = "x".repeat(64 * KIB);
    for number in 0..8 {
        drop(only.start_send("Text", &(number, &text)));
    }
    gate.open(99);
    settle().await;
    let began = Instant::now();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        for number in 8..26 {
            only.send("Text", (number, &text)).await.unwrap();
        }
    });
    let (mut texts, mut items) = (0, 0);
    while texts < 26 || items < 99 {
        match message(&mut client).await {
            message if message["type"] == 2 => items += 1,
            push => {
                assert_eq!(push["arguments"][0], texts);
                texts += 1;
            }
        }
    }
    assert_elapsed(began, 0.0..=0.1);
    sender.join_next().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_is_disconnected_only_after_a_write_was_tried() {
    let (server, log) = server();
    let client = server.connect().await;
    let mut reading = keep_reading(client);
    settle().await;
    // This is more than the pipe and the queue hold, before anything could be written.
    flood(&server, 14);
    settle().await;
    assert_eq!(log.take(), [""; 0]);
    server.signalr.shutdown().await;
    assert_eq!(reading.join_next().await.unwrap().unwrap(), 14);
}
