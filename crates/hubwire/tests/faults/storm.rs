//! A client that reads too slowly, while everybody is broadcast to as fast as the others read.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hubwire::protocol::{Opcode, write_masked_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{Client, HANDSHAKE};
use crate::requests::{UPGRADE, read_response, send_head};
use crate::server::{NARROW, Server};

const READERS: u32 = if cfg!(debug_assertions) { 200 } else { 1_000 };

const PADDING: usize = 2 * 1024;

/// Broadcasts of one phase, during most of which the slow reader is still there.
const MESSAGES: usize = NARROW / PADDING * 3 / 2;

/// How far the sender may be ahead of the slowest of those that keep up.
const WINDOW: u32 = 4;

const TOO_SLOW: &str = "disconnected: The client did not read what was sent to it.";

fn padding() -> String {
    "x".repeat(PADDING)
}

fn counted(number: usize, padding: &str) -> String {
    format!(r#"{{"type":1,"target":"Counted","arguments":[{number},"{padding}"]}}"#)
}

/// When each message was sent, and who has read it.
struct Storm {
    sent: Mutex<Vec<Instant>>,
    read: Semaphore,
}

impl Storm {
    /// Broadcasts one phase.
    async fn blow(&self, server: &Server, first: usize) {
        let context = server.narrow.context();
        let padding = padding();
        for number in first..first + MESSAGES {
            self.read.acquire_many(READERS).await.unwrap().forget();
            self.sent.lock().unwrap().push(Instant::now());
            let all = context.clients().all();
            all.counted(number as u64, &padding).await.unwrap();
        }
    }

    /// Reads both phases in order; returns how long each message took.
    async fn read(self: Arc<Self>, mut client: Client) -> (Client, Vec<Duration>) {
        let padding = padding();
        let mut latencies = Vec::new();
        for number in 0..2 * MESSAGES {
            let expected = counted(number, &padding);
            assert!(client.record().await == expected, "no number {number}");
            let sent = self.sent.lock().unwrap()[number];
            latencies.push(sent.elapsed());
            self.read.add_permits(1);
        }
        (client, latencies)
    }
}

/// Reads a little now and then until the server ends the connection.
async fn read_slowly(address: SocketAddr) -> usize {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut socket = socket.connect(address).await.unwrap();
    send_head(&mut socket, address, "GET /narrow?user=slow", UPGRADE, b"").await;
    assert_eq!(read_response(&mut socket).await.0.status, 101);
    let mut handshake = Vec::new();
    let text = HANDSHAKE.as_bytes();
    write_masked_frame(&mut handshake, Opcode::Text, true, [1, 2, 3, 4], text);
    socket.write_all(&handshake).await.unwrap();
    let mut read = 0;
    let mut buffer = [0; 256];
    while let Ok(count @ 1..) = socket.read(&mut buffer).await {
        read += count;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    read
}

/// Sends to the slow client alone until its socket refuses more: a task then waits for it.
async fn fill_socket(server: &Server, tasks: usize) {
    let context = server.narrow.context();
    let padding = padding();
    while server.signalr.statistics().tasks <= tasks {
        let slow = context.clients().user("slow");
        slow.counted(0, &padding).await.unwrap();
        tokio::task::yield_now().await;
    }
}

fn p99(latencies: &mut [Duration]) -> Duration {
    latencies.sort_unstable();
    latencies[latencies.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_harms_nobody_and_is_let_go() {
    let server = Server::start_alone().await;
    let storm = Arc::new(Storm {
        sent: Mutex::default(),
        read: Semaphore::new((READERS * WINDOW) as usize),
    });
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let client = server.open("/narrow").await;
        readers.spawn(Arc::clone(&storm).read(client));
    }
    storm.blow(&server, 0).await;

    let mut slow = JoinSet::new();
    slow.spawn(read_slowly(server.address));
    server.until_tasks(READERS as usize + 1).await;
    server
        .journal
        .until_nth(READERS as usize + 1, "connected")
        .await;
    fill_socket(&server, READERS as usize + 2).await;
    assert!(!server.journal.entries().iter().any(|e| e == TOO_SLOW));
    storm.blow(&server, MESSAGES).await;

    let (mut without, mut with) = (Vec::new(), Vec::new());
    while let Some(reader) = readers.join_next().await {
        let (client, latencies) = reader.unwrap();
        client.leave().await;
        without.extend_from_slice(&latencies[..MESSAGES]);
        with.extend_from_slice(&latencies[MESSAGES..]);
    }
    let (without, with) = (p99(&mut without), p99(&mut with));
    let bound = 3 * without + Duration::from_millis(50);
    assert!(with <= bound, "p99 {with:?} with, {without:?} without");
    server.journal.until(TOO_SLOW).await;
    let read = slow.join_next().await.expect("one slow reader").unwrap();
    assert!(read > 0);
    let journal = server.finish().await;
    assert_eq!(journal.iter().filter(|e| *e == TOO_SLOW).count(), 1);
    assert_eq!(journal.len(), 2 * (READERS as usize + 1));
}
