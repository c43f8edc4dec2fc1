//! A client that stops reading during broadcasts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::server::Server;
use test_support::client::{Client, Received};

const READERS: u32 = 20;

/// How far the senders may be ahead of the slowest reader that does read.
const WINDOW: u32 = 8;

/// Far more than the outbound bound of 64 KiB and the buffers of two kernels.
const MESSAGES: u64 = 4_000;

const TOO_SLOW: &str = "disconnected: The client did not read what was sent to it.";

fn padding() -> String {
    "x".repeat(4 * 1024)
}

fn counted(number: u64, padding: &str) -> String {
    format!(r#"{{"type":1,"target":"Counted","arguments":[{number},"{padding}"]}}"#)
}

/// Reads numbers in order until the last one, and adds a permit for each.
async fn read_in_order(mut client: Client, read: Arc<Semaphore>) -> Client {
    let padding = padding();
    for number in 0..MESSAGES {
        client.expect(&counted(number, &padding)).await;
        read.add_permits(1);
    }
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_is_disconnected_and_delays_nobody() {
    let server = Server::start().await;
    let mut stalled = Client::open_with_small_window(server.address, "/narrow").await;
    stalled.expect_alive().await;
    let read = Arc::new(Semaphore::new((READERS * WINDOW) as usize));
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let client = server.open("/narrow").await;
        readers.spawn(read_in_order(client, Arc::clone(&read)));
    }
    // A client knows of its handshake before its connection is registered.
    let clients = READERS as usize + 1;
    server.journal.until_nth(clients, "connected").await;
    let context = server.narrow.context();
    let padding = padding();
    let mut let_go_after = None;
    for number in 0..MESSAGES {
        let all_read = read.acquire_many(READERS).await.unwrap();
        all_read.forget();
        let clients = context.clients();
        clients.all().counted(number, &padding).await.unwrap();
        if let_go_after.is_none() && server.journal.entries().iter().any(|e| e == TOO_SLOW) {
            let_go_after = Some(number);
        }
    }
    while let Some(reader) = readers.join_next().await {
        reader.unwrap().leave().await;
    }
    let let_go_after = let_go_after.expect("the stalled reader is disconnected");
    assert!(let_go_after < MESSAGES / 2, "only after {let_go_after}");

    // It finds the beginning of what was sent, without gaps, and then the end.
    let mut found = 0;
    while let Received::Record(record) = stalled.next_or_end().await {
        assert!(record == counted(found, &padding), "a gap at {found}");
        found += 1;
    }
    assert!(found <= let_go_after);
    let journal = server.finish().await;
    let ends = journal.iter().filter(|entry| *entry == TOO_SLOW);
    assert_eq!(ends.count(), 1);
    assert_eq!(journal.len(), 2 * (READERS as usize + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_is_given_up_at_once() {
    let server = Server::start().await;
    let _stalled = Client::open_with_small_window(server.address, "/narrow").await;
    server.journal.until("connected").await;
    let context = server.narrow.context();
    let padding = padding();
    let mut number = 0;
    while server.journal.entries().len() < 2 {
        let clients = context.clients();
        clients.all().counted(number, &padding).await.unwrap();
        tokio::task::yield_now().await;
        number += 1;
        assert!(number < 100_000, "it is never disconnected");
    }
    let since = Instant::now();
    server.until_only_bystander().await;
    // A client that does not read does not return a Close either, so the close timeout (5 s) does
    // not apply to it.
    assert!(
        since.elapsed() < Duration::from_secs(2),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(server.finish().await, ["connected", TOO_SLOW]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_calls_without_reading_is_not_served_until_it_reads() {
    const CALLS: usize = 1_000;
    const LENGTH: usize = 30_000;
    let server = Server::start().await;
    let mut client = Client::open_with_small_window(server.address, "/narrow").await;
    for number in 0..CALLS {
        let id = number.to_string();
        client.call(&id, "Repeat", &format!("\"x\",{LENGTH}")).await;
    }
    let served = || server.journal.entries().len() - 1;
    let mut served_before = served();
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if served_before > 0 && served() == served_before {
            break;
        }
        served_before = served();
    }
    // 64 KiB are queued in the server, and at most 4 MiB in the kernel.
    assert!(served_before < CALLS / 2, "{served_before} were served");
    let result = "x".repeat(LENGTH);
    for number in 0..CALLS {
        let expected = format!(r#"{{"type":3,"invocationId":"{number}","result":"{result}"}}"#);
        assert!(client.record().await == expected, "another completion");
    }
    client.expect_alive().await;
    client.leave().await;
    assert_eq!(server.finish().await.len(), CALLS + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_calls_without_reading_may_still_vanish() {
    let server = Server::start().await;
    let mut client = Client::open_with_small_window(server.address, "/narrow").await;
    for _ in 0..500 {
        client.call("1", "Repeat", r#""x",30000"#).await;
    }
    server.journal.until("repeated").await;
    client.reset();
    let journal = server.finish().await;
    // The reset may have cut a call off.
    let ends = journal
        .iter()
        .filter(|entry| entry.starts_with("disconnected: "));
    assert_eq!(ends.count(), 1);
}
