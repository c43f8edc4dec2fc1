//! Hub code that blocks its thread delays only its caller, if there are other threads.
//!
//! These tests run alone, because the load of other tests would affect them.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::Duration;

use hubwire::SignalR;
use hubwire::backplane::InProcessFarm;
use serde_json::json;
use test_support::line::Wire;
use test_support::way_out::*;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_method_that_blocks_its_thread_delays_no_broadcast() {
    let server = Server::start(Wire::Plain).await;
    let mut busy = server.connect().await;
    let mut others = Vec::new();
    for transport in EVERY_TRANSPORT {
        others.push(server.connect_over(transport).await);
    }
    busy.send(&json!({"type": 1, "target": "Block", "arguments": [1500]}))
        .await;
    sleep(Duration::from_millis(200)).await;
    let since = Instant::now();
    let reading = reading(others, 20);
    let text = "x".repeat(16 * KIB);
    for number in 0..20 {
        server.broadcast(number, &text).await;
    }
    let sent = since.elapsed();
    assert_all_read(reading, 20).await;
    assert!(
        sent < Duration::from_millis(700),
        "sent only after {sent:?}"
    );
}

/// Reads one message with each of these clients, of all transports, on a thread of its own; returns when the last one
/// arrived.
///
/// A blocked thread may only delay the server's workers.
fn when_all_heard(address: SocketAddr, clients: usize) -> (JoinHandle<Instant>, Arc<Barrier>) {
    let connected = Arc::new(Barrier::new(2));
    let barrier = Arc::clone(&connected);
    #[expect(clippy::disallowed_methods, reason = "the caller joins the thread")]
    let heard = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut all = Vec::new();
            for transport in EVERY_TRANSPORT.into_iter().cycle().take(clients) {
                let mut client = Client::connect_over(transport, address, None).await;
                // A client knows of its handshake before its connection is registered.
                client.id().await;
                all.push(client);
            }
            barrier.wait();
            assert_all_read(reading(all, 1), 1).await;
            Instant::now()
        })
    });
    (heard, connected)
}

/// Returns whether all of 16 clients received what a method sent before it blocked its thread for
/// 1.5 s.
async fn is_heard_meanwhile(server: &Server, busy: &mut Client) -> bool {
    let (heard, connected) = when_all_heard(server.address, 16);
    tokio::task::block_in_place(|| connected.wait());
    let since = Instant::now();
    busy.send(&json!({"type": 1, "target": "SendAndBlock", "arguments": [1500]}))
        .await;
    let heard = tokio::task::block_in_place(|| heard.join()).unwrap();
    sleep(Duration::from_millis(1600)).await;
    heard.duration_since(since) < Duration::from_millis(1000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_of_a_method_do_not_wait_for_the_thread_that_it_then_blocks() {
    for wire in [Wire::Plain, Wire::Tls] {
        let server = Server::start(wire).await;
        let mut busy = server.connect().await;
        for attempt in 1..=6 {
            let heard = is_heard_meanwhile(&server, &mut busy).await;
            assert!(
                heard,
                "a client waited for the blocked thread in attempt {attempt}, {wire:?}"
            );
        }
    }
}

/// The same for another node in the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_of_a_method_reach_other_nodes_while_its_thread_is_blocked() {
    let farm = InProcessFarm::new();
    let node = || {
        Server::on(
            Wire::Plain,
            SignalR::builder().backplane(farm.node()).build(),
        )
    };
    let (server, other) = (node().await, node().await);
    let mut busy = server.connect().await;
    for attempt in 1..=6 {
        let (heard, connected) = when_all_heard(other.address, 16);
        tokio::task::block_in_place(|| connected.wait());
        let since = Instant::now();
        busy.send(&json!({"type": 1, "target": "SendAndBlock", "arguments": [1500]}))
            .await;
        let heard = tokio::task::block_in_place(|| heard.join()).unwrap();
        sleep(Duration::from_millis(1600)).await;
        let took = heard.duration_since(since);
        assert!(
            took < Duration::from_millis(1000),
            "{took:?} in attempt {attempt}"
        );
    }
}
