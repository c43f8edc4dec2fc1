//! Many messages to many clients.

use hubwire::protocol::{Opcode, write_frame};
use tokio::task::JoinSet;

use crate::server::Server;
use test_support::client::Client;

const CLIENTS: usize = 100;
const SENDS: u64 = if cfg!(debug_assertions) {
    20_000
} else {
    1_000_000
};

/// How many messages a client compares at once.
const COMPARED: u64 = 100;

/// Returns the frames of these messages, as every client must receive them.
fn frames(numbers: std::ops::Range<u64>) -> Vec<u8> {
    let mut frames = Vec::new();
    for number in numbers {
        let record =
            format!("{{\"type\":1,\"target\":\"Counted\",\"arguments\":[{number},\"\"]}}\x1e");
        write_frame(&mut frames, Opcode::Text, record.as_bytes());
    }
    frames
}

async fn read_all(mut client: Client) -> Client {
    let mut buffer = Vec::new();
    for start in (0..SENDS).step_by(COMPARED as usize) {
        let expected = frames(start..start + COMPARED);
        client.expect_raw(&expected, &mut buffer).await;
    }
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_in_a_loop_reach_every_reading_client_in_order() {
    let server = Server::start().await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(read_all(server.open("/quiet").await));
    }
    let context = server.quiet.context();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        for number in 0..SENDS {
            let sent = context.clients().all().counted(number, "").await;
            sent.unwrap();
        }
    });
    while let Some(sent) = sender.join_next().await {
        sent.unwrap();
    }
    while let Some(client) = clients.join_next().await {
        let mut client = client.unwrap();
        client.expect_alive().await;
        client.leave().await;
    }
    let journal = server.finish().await;
    let ends = journal
        .iter()
        .filter(|entry| *entry == "disconnected: transport closed");
    assert_eq!(ends.count(), CLIENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_at_the_same_time_keep_their_own_order() {
    const SENDERS: u64 = 4;
    const EACH: u64 = 500;
    let server = Server::start().await;
    let mut client = server.open("/quiet").await;
    // A client knows of its handshake before its connection is registered.
    server.journal.until("connected").await;
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let context = server.quiet.context();
        senders.spawn(async move {
            for number in 0..EACH {
                let number = sender * EACH + number;
                context.clients().all().counted(number, "").await.unwrap();
            }
        });
    }
    let mut next: Vec<u64> = (0..SENDERS).map(|sender| sender * EACH).collect();
    for _ in 0..SENDERS * EACH {
        let record = client.record().await;
        let next = next.iter_mut().find(|next| {
            record == format!(r#"{{"type":1,"target":"Counted","arguments":[{next},""]}}"#)
        });
        *next.expect("the next number of some sender") += 1;
    }
    client.leave().await;
    senders.join_all().await;
    server.finish().await;
}
