//! The memory that a node holds for all its clients together, and the metrics of limits that are hit.

use futures_util::StreamExt;
use hubwire::testing::{PulledTransport, TestClient};
use hubwire::{DisconnectReason, HubCallerContext, SignalR, hub};
use serde_json::json;
use test_support::http_client::{HttpClient, record};
use test_support::in_memory::*;
use tokio::task::JoinSet;

use crate::metrics::measured;

const KIB: usize = 1024;
const MAXIMUM: usize = 1024 * KIB;

struct MemoryHub {
    log: Log,
}

#[hub]
impl MemoryHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> String {
        cx.connection_id().to_string()
    }

    pub fn large(&self, size: usize) -> String {
        "x".repeat(size)
    }

    async fn on_disconnected(&self, cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{} {reason:?}", cx.connection_id()));
    }
}

/// A server that holds at most 1 MiB for all clients and 512 KiB for each.
fn server() -> (TestServer<MemoryHub>, Log) {
    let log = Log::default();
    let signalr = SignalR::builder().maximum_outbound_memory(MAXIMUM).build();
    let server = TestServer::on(signalr, MemoryHub { log: log.clone() }, |options| {
        options
            .outbound_buffer_size(512 * KIB)
            .maximum_outbound_buffer_size(512 * KIB)
    });
    (server, log)
}

/// A client that pulls its messages, and the id of its connection.
async fn pulling(server: &TestServer<MemoryHub>) -> (TestClient<PulledTransport>, String) {
    let mut client = TestClient::connect_pulled(&server.endpoint).await.unwrap();
    let id = client.invoke("Id", ()).await.unwrap();
    (client, id.as_str().unwrap().to_owned())
}

async fn send(server: &TestServer<MemoryHub>, id: &str, size: usize) {
    let client = server.context().clients().client(id);
    client.send("Text", ("x".repeat(size),)).await.unwrap();
}

/// Only the clients with the oldest waiting messages are disconnected, until the rest fits.
#[tokio::test(start_paused = true)]
async fn beyond_the_maximum_the_clients_with_the_oldest_messages_are_disconnected() {
    let (server, log) = server();
    let mut ids = Vec::new();
    let mut away = Vec::new();
    for _ in 0..6 {
        let (mut client, id) = pulling(&server).await;
        client.leave();
        pass(seconds(2)).await;
        send(&server, &id, 200 * KIB).await;
        ids.push(id);
        away.push(client);
    }
    settle().await;
    assert_eq!(log.take(), [format!("{} TooSlow", ids[0])]);
    assert!(server.signalr.statistics().outbound_memory <= MAXIMUM);
    // A client that reads still receives a burst.
    let mut honest = server.connect().await;
    let id = honest.invoke("Id", ()).await.unwrap();
    for _ in 0..5 {
        send(&server, id.as_str().unwrap(), 20 * KIB).await;
        honest.push().await.unwrap();
    }
    for client in &mut away[1..] {
        client.come_back();
        client.push().await.unwrap();
    }
    assert_eq!(server.signalr.statistics().outbound_memory, 0);
    drop((away, honest));
    server.leaves_nothing_behind().await;
}

/// Clients that request large results and read nothing are disconnected before a client with large
/// messages from others.
#[tokio::test(start_paused = true)]
async fn requesting_large_results_without_reading_disconnects_nobody_else() {
    let (server, log) = server();
    let mut honest = Vec::new();
    for _ in 0..4 {
        honest.push(server.connect().await);
    }
    let shared = "x".repeat(400 * KIB);
    server
        .context()
        .clients()
        .all()
        .send("Text", (&shared,))
        .await
        .unwrap();
    let mut hostile = Vec::new();
    for _ in 0..20 {
        let mut client = server.connect().await;
        client.start("Large", (300 * KIB,)).await.unwrap();
        hostile.push(client);
        settle().await;
        assert!(server.signalr.statistics().outbound_memory <= MAXIMUM);
    }
    for client in &mut honest {
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], shared);
    }
    let ended = log.take();
    assert_eq!(
        ended.len(),
        18,
        "two results and the broadcast fit: {ended:?}"
    );
    drop((honest, hostile));
    server.leaves_nothing_behind().await;
}

/// As over sockets, whether the clients poll or have event streams: what they were given and do not
/// read counts.
#[tokio::test(start_paused = true)]
async fn large_results_in_unread_responses_disconnect_nobody_else() {
    let (server, log) = server();
    let mut honest = Vec::new();
    for _ in 0..4 {
        honest.push(server.connect().await);
    }
    let shared = "x".repeat(400 * KIB);
    let all = server.context().clients().all();
    all.send("Text", (&shared,)).await.unwrap();
    let (mut hostile, mut streams) = (Vec::new(), Vec::new());
    let call = json!({"type": 1, "invocationId": "1", "target": "Large", "arguments": [300 * KIB]});
    for _ in 0..10 {
        let client = HttpClient::start_polling(&server.endpoint).await;
        client.post(record(&call)).await;
        settle().await;
        let mut body = client.poll_unread().await.into_body().into_data_stream();
        // Whoever is let go at once gets nothing.
        let _ = body.next().await;
        hostile.push(body);
        assert!(server.signalr.statistics().outbound_memory <= MAXIMUM);
        let (client, mut events) = HttpClient::start_event_stream(&server.endpoint).await;
        client.post(record(&call)).await;
        settle().await;
        let _ = events.next_chunk().await;
        streams.push(events);
        assert!(server.signalr.statistics().outbound_memory <= MAXIMUM);
    }
    for client in &mut honest {
        let (_, arguments) = client.push().await.unwrap();
        assert_eq!(arguments[0], shared);
    }
    let ended = log.take();
    assert_eq!(
        ended.len(),
        18,
        "two results and the broadcast fit: {ended:?}"
    );
    drop((honest, hostile, streams));
    pass(seconds(17)).await;
    server.leaves_nothing_behind().await;
}

/// Those who were given different parts of a busy broadcast and do not read them go, and not those
/// whose messages fit.
#[tokio::test(start_paused = true)]
async fn unread_responses_with_messages_to_many_are_let_go_before_others() {
    let (server, log) = server();
    let mut honest = server.connect().await;
    let mut bodies = Vec::new();
    for _ in 0..10 {
        let client = HttpClient::start_polling(&server.endpoint).await;
        send(&server, &client.connection_id, 300 * KIB).await;
        let mut body = client.poll_unread().await.into_body().into_data_stream();
        body.next().await.unwrap().unwrap();
        bodies.push(body);
        pass(seconds(2)).await;
    }
    let id = honest.invoke("Id", ()).await.unwrap();
    send(&server, id.as_str().unwrap(), 100 * KIB).await;
    honest.push().await.unwrap();
    assert!(server.signalr.statistics().outbound_memory <= MAXIMUM);
    let ended = log.take();
    assert_eq!(ended.len(), 7, "{ended:?}");
    assert!(ended.iter().all(|line| line.ends_with(" TooSlow")));
    assert!(!ended.contains(&format!("{} TooSlow", id.as_str().unwrap())));
    drop((honest, bodies));
    pass(seconds(17)).await;
    server.leaves_nothing_behind().await;
}

/// Many single sends queue as much as a broadcast. The sender waits until their receivers were offered
/// a write.
#[tokio::test(start_paused = true)]
async fn sends_to_many_readers_one_by_one_stay_within_the_maximum() {
    const ROUNDS: usize = 3;
    let (server, log) = server();
    let mut reading = JoinSet::new();
    let mut ids = Vec::new();
    for _ in 0..40 {
        let mut client = server.connect().await;
        let id = client.invoke("Id", ()).await.unwrap();
        ids.push(id.as_str().unwrap().to_owned());
        reading.spawn(async move {
            for _ in 0..ROUNDS {
                client.push().await.unwrap();
            }
            client
        });
    }
    for _ in 0..ROUNDS {
        for id in &ids {
            send(&server, id, 100 * KIB).await;
            assert!(server.signalr.statistics().outbound_memory <= MAXIMUM);
        }
    }
    drop(reading.join_all().await);
    assert!(log.take().iter().all(|line| !line.contains("TooSlow")));
    server.leaves_nothing_behind().await;
}

#[test]
fn each_limit_that_is_hit_is_counted_by_its_name() {
    let hits = measured("hubwire.limit.hits", hit_limits());
    let names: Vec<_> = hits.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "answer_buffer_size",
        "maximum_outbound_buffer_size",
        "maximum_outbound_memory",
        "outbound_buffer_size",
        "transport_progress_timeout",
        "transport_send_timeout",
    ];
    assert_eq!(names, expected);
}

async fn hit_limits() {
    let (server, _) = server();
    // A sender waits ten seconds for a client that has not read for a minute and is then disconnected.
    let server_of_little = TestServer::with(
        MemoryHub {
            log: Log::default(),
        },
        |options| options.outbound_buffer_size(KIB),
    );
    let mut slow = server_of_little.connect().await;
    let id = slow.invoke("Id", ()).await.unwrap();
    for _ in 0..2 {
        send(&server_of_little, id.as_str().unwrap(), 100 * KIB).await;
    }
    slow.start("Large", (KIB,)).await.unwrap();
    pass(seconds(70)).await;
    // One client that is away is sent more than 512 KiB, and three are sent more than 1 MiB.
    let mut away = Vec::new();
    for size in [600, 400, 400, 400] {
        let (mut client, id) = pulling(&server).await;
        client.leave();
        send(&server, &id, KIB).await;
        send(&server, &id, size * KIB).await;
        away.push(client);
    }
    settle().await;
}

/// A loop of sends to one client after another waits for no client, but gives the flusher its turn.
#[tokio::test(start_paused = true)]
async fn sends_to_one_client_after_another_stay_within_the_maximum() {
    let (server, log) = server();
    let (mut away, id) = pulling(&server).await;
    away.leave();
    send(&server, &id, 100 * KIB).await;
    let mut reading = JoinSet::new();
    let mut ids = Vec::new();
    for _ in 0..20 {
        let mut client = server.connect().await;
        let id = client.invoke("Id", ()).await.unwrap();
        ids.push(id.as_str().unwrap().to_owned());
        reading.spawn(async move { client.push().await.map(|_| client) });
    }
    let mut most = 0;
    for id in &ids {
        send(&server, id, 100 * KIB).await;
        most = most.max(server.signalr.statistics().outbound_memory);
    }
    let readers = reading.join_all().await;
    assert_eq!(log.take(), [""; 0], "with {most} bytes at most");
    assert!(most <= MAXIMUM, "{most} bytes");
    drop((away, readers));
}
