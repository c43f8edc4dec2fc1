//! A client that keeps up is not disconnected, whatever the sizes of its messages: on one thread, under
//! paused time.

use hubwire::backplane::InProcessFarm;
use hubwire::testing::{Received, TestClient};
use hubwire::{ConnectionId, DisconnectReason, HubCallerContext, SignalR, hub};
use test_support::in_memory::*;
use tokio::task::JoinSet;

const KIB: usize = 1024;
const MB: usize = 1_000_000;

struct SizesHub {
    log: Log,
}

#[hub]
impl SizesHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    pub fn id(&self, cx: &HubCallerContext<Self>) -> ConnectionId {
        cx.connection_id().clone()
    }
}

fn server(signalr: SignalR) -> (TestServer<SizesHub>, Log) {
    let log = Log::default();
    let hub = SizesHub { log: log.clone() };
    (TestServer::on(signalr, hub, |options| options), log)
}

/// Reads numbered pushes in order until the connection ends, and returns their number.
fn keep_reading(mut client: TestClient) -> JoinSet<usize> {
    let mut reader = JoinSet::new();
    reader.spawn(async move {
        let mut count = 0;
        while let Received::Message(message) = next(&mut client).await {
            if message["type"] == 1 {
                assert_eq!(message["arguments"][0], count);
                count += 1;
            }
        }
        count
    });
    reader
}

/// Lets the readers read the rest, and checks that each has read everything.
async fn all_read(server: TestServer<SizesHub>, mut readers: Vec<JoinSet<usize>>, count: usize) {
    pass(seconds(5)).await;
    server.signalr.shutdown().await;
    for reader in &mut readers {
        assert_eq!(reader.join_next().await.unwrap().unwrap(), count);
    }
    server.leaves_nothing_behind().await;
}

async fn broadcasts(size: usize, count: usize) {
    let (server, log) = server(SignalR::new());
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(keep_reading(server.connect().await));
    }
    let all = server.context().clients().all();
    for number in 0..count {
        all.send("Text", (number, "x".repeat(size))).await.unwrap();
    }
    assert_eq!(log.take(), [""; 0], "{size} bytes");
    all_read(server, readers, count).await;
}

#[tokio::test(start_paused = true)]
async fn broadcasts_of_any_size_that_are_awaited_reach_everybody() {
    for (size, count) in [(MB, 20), (64 * KIB, 375), (256 * KIB, 94), (3 * MB, 8)] {
        broadcasts(size, count).await;
    }
}

#[tokio::test(start_paused = true)]
async fn sends_of_megabytes_reach_their_only_receiver() {
    for (size, count) in [(2 * MB, 6), (3 * MB, 3)] {
        let (server, log) = server(SignalR::new());
        let mut client = server.connect().await;
        let id = client.invoke("Id", ()).await.unwrap();
        let readers = vec![keep_reading(client)];
        let only = server.context().clients().client(id.as_str().unwrap());
        for number in 0..count {
            only.send("Text", (number, "x".repeat(size))).await.unwrap();
        }
        assert_eq!(log.take(), [""; 0], "{size} bytes");
        all_read(server, readers, count).await;
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_another_node_wait_for_the_flushers() {
    let farm = InProcessFarm::new();
    let node = || SignalR::builder().backplane(farm.node()).build();
    let ((here, log), (there, _)) = (server(node()), server(node()));
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(keep_reading(here.connect().await));
    }
    let all = there.context().clients().all();
    for number in 0..1000 {
        all.send("Text", (number, "x".repeat(16 * KIB)))
            .await
            .unwrap();
    }
    pass(seconds(1)).await;
    assert_eq!(log.take(), [""; 0]);
    all_read(here, readers, 1000).await;
}
