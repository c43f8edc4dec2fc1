//! A client that reads too slowly, while messages are broadcast as fast as the others read.

use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hubwire::protocol::{Opcode, write_masked_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::server::{NARROW, Server};
use test_support::client::{Client, HANDSHAKE};
use test_support::line::Line;
use test_support::open_files::allow_open_files;
use test_support::requests::{UPGRADE, read_response, send_head};

const READERS: u32 = 1_000;

const PADDING: usize = 2 * 1024;

/// How many messages are sent at once, when everybody has read the previous ones.
const BURST: u32 = 4;

/// The bursts of one phase: half of what the slow reader's queue can hold.
const BURSTS: u32 = (NARROW / PADDING) as u32 / BURST / 2;

/// Longer than any burst takes, however busy the machine is.
const LONGEST_BURST: Duration = Duration::from_secs(30);

/// How often the two phases are measured at most, because the machine may be busy with something
/// else.
const ATTEMPTS: usize = 3;

/// The most that may be queued for a socket that refuses bytes: twice the limit, one frame, and
/// the messages for the bystander.
const MOST_WAITING: usize = 2 * NARROW + PADDING + 256;

const TOO_SLOW: &str = "disconnected: The client did not read what was sent to it.";

const OVER: &str = r#"{"type":1,"target":"Said","arguments":["over"]}"#;

fn padding() -> String {
    "x".repeat(PADDING)
}

fn counted(number: usize, padding: &str) -> String {
    format!(r#"{{"type":1,"target":"Counted","arguments":[{number},"{padding}"]}}"#)
}

/// A server with readers that keep up.
struct Storm {
    server: Server,
    readings: Arc<Readings>,
    readers: JoinSet<Client>,
    sent: usize,
}

/// The progress of the readers.
struct Readings {
    /// A permit for each message that a reader has read and may be sent again.
    free: Semaphore,
    /// The start of the last burst.
    begun: Mutex<Instant>,
    latencies: Mutex<Vec<Duration>>,
}

/// How long messages took from the start of their burst, and how long bursts took from one to the
/// next.
#[derive(Clone, Copy, Debug)]
struct Phase {
    p99: Duration,
    burst: Duration,
}

impl Phase {
    fn is_no_worse_than(&self, other: &Self) -> bool {
        let bound = |time: Duration| time * 5 / 4 + Duration::from_millis(10);
        self.p99 <= bound(other.p99) && self.burst <= bound(other.burst)
    }
}

impl Readings {
    /// Reads in order until the run is over.
    async fn read(self: Arc<Self>, mut client: Client) -> Client {
        let padding = padding();
        for number in 0.. {
            let record = client.record().await;
            if record == OVER {
                break;
            }
            assert!(record == counted(number, &padding), "no number {number}");
            let latency = self.begun.lock().unwrap().elapsed();
            self.latencies.lock().unwrap().push(latency);
            self.free.add_permits(1);
        }
        client
    }
}

impl Storm {
    async fn gather() -> Self {
        let server = Server::start_alone().await;
        let readings = Arc::new(Readings {
            free: Semaphore::new((READERS * BURST) as usize),
            begun: Mutex::new(Instant::now()),
            latencies: Mutex::default(),
        });
        let mut clients = Vec::new();
        for _ in 0..READERS {
            clients.push(server.open("/narrow").await);
        }
        // Wait for all connections first, so that no reader times out while others connect.
        let mut readers = JoinSet::new();
        for client in clients {
            readers.spawn(Arc::clone(&readings).read(client));
        }
        Self {
            server,
            readings,
            readers,
            sent: 0,
        }
    }

    /// Sends a burst and waits until everybody who keeps up has read it.
    ///
    /// Whatever is queued then belongs to the slow reader: asserts that it is bounded.
    async fn burst(&mut self) {
        let context = self.server.narrow.context();
        let padding = padding();
        self.until_read().await;
        *self.readings.begun.lock().unwrap() = Instant::now();
        for _ in 0..BURST {
            let all = context.clients().all();
            all.counted(self.sent as u64, &padding).await.unwrap();
            self.sent += 1;
        }
        self.until_read().await;
        self.readings.free.add_permits((READERS * BURST) as usize);
        let waiting = self.server.signalr.statistics().outbound_bytes;
        assert!(waiting <= MOST_WAITING, "{waiting} bytes wait");
    }

    /// Waits until everybody has read everything, by taking the permits of the readers.
    async fn until_read(&mut self) {
        let all = self.readings.free.acquire_many(READERS * BURST);
        tokio::select! {
            all = all => all.unwrap().forget(),
            ended = self.readers.join_next() => panic!("a reader ended early: {:?}", ended.map(|e| e.is_ok())),
            () = tokio::time::sleep(LONGEST_BURST) => panic!("a burst was not read in {LONGEST_BURST:?}"),
        }
    }

    async fn phase(&mut self) -> Phase {
        self.readings.latencies.lock().unwrap().clear();
        let since = Instant::now();
        for _ in 0..BURSTS {
            self.burst().await;
        }
        let burst = since.elapsed() / BURSTS;
        let mut latencies = mem::take(&mut *self.readings.latencies.lock().unwrap());
        assert_eq!(latencies.len(), (READERS * BURST * BURSTS) as usize);
        latencies.sort_unstable();
        let p99 = latencies[latencies.len() * 99 / 100];
        Phase { p99, burst }
    }

    /// Returns whether everybody is connected, including the bystander and a slow reader.
    fn has_slow_reader(&self) -> bool {
        self.server.signalr.statistics().connections == READERS as usize + 2
    }

    /// Measures without and with a slow reader, and continues until that reader, the nth, is
    /// disconnected.
    async fn blow(&mut self, nth: usize) -> (Phase, Phase) {
        let readers = READERS as usize;
        let without = self.phase().await;
        let mut slow = JoinSet::new();
        slow.spawn(read_slowly(self.server.address));
        self.server.until_tasks(readers + 1).await;
        let journal = self.server.journal.clone();
        journal.until_nth(readers + nth, "connected").await;
        fill_socket(&self.server, readers + 2).await;
        let with = self.phase().await;
        assert!(self.has_slow_reader(), "disconnected too early");
        while self.has_slow_reader() {
            self.burst().await;
        }
        journal.until_nth(nth, TOO_SLOW).await;
        let read = slow.join_next().await.expect("one slow reader").unwrap();
        assert!(read > 0);
        self.server.until_tasks(readers).await;
        (without, with)
    }

    /// Disconnects the readers; returns the journal.
    async fn end(mut self) -> Vec<String> {
        let context = self.server.narrow.context();
        context.clients().all().said("over").await.unwrap();
        while let Some(reader) = self.readers.join_next().await {
            reader.unwrap().leave().await;
        }
        self.server.finish().await
    }
}

/// Reads a little at intervals until the server ends the connection.
async fn read_slowly(address: SocketAddr) -> usize {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut socket = Line::over(socket.connect(address).await.unwrap())
        .await
        .unwrap();
    send_head(&mut socket, address, "GET /narrow?user=slow", UPGRADE, b"").await;
    assert_eq!(read_response(&mut socket).await.0.status, 101);
    let mut handshake = Vec::new();
    let text = HANDSHAKE.as_bytes();
    write_masked_frame(&mut handshake, Opcode::Text, [1, 2, 3, 4], text);
    socket.write_all(&handshake).await.unwrap();
    let mut read = 0;
    let mut buffer = [0; 256];
    while let Ok(count @ 1..) = socket.read(&mut buffer).await {
        read += count;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    read
}

/// Sends only to the slow client until its socket refuses more; a task then waits for it.
async fn fill_socket(server: &Server, tasks: usize) {
    let context = server.narrow.context();
    let padding = padding();
    while server.signalr.statistics().tasks <= tasks {
        let connections = server.signalr.statistics().connections;
        assert_eq!(connections, READERS as usize + 2, "disconnected too early");
        let slow = context.clients().user("slow");
        slow.counted(0, &padding).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_harms_nobody_and_is_disconnected() {
    allow_open_files(4 * READERS);
    let mut storm = Storm::gather().await;
    let mut attempts = Vec::new();
    let harmless = loop {
        let (without, with) = storm.blow(attempts.len() + 1).await;
        attempts.push(format!("{with:?} with, {without:?} without"));
        if with.is_no_worse_than(&without) || attempts.len() == ATTEMPTS {
            break with.is_no_worse_than(&without);
        }
    };
    assert!(harmless, "the others wait for it: {attempts:#?}");
    let journal = storm.end().await;
    let let_go = journal.iter().filter(|e| *e == TOO_SLOW).count();
    assert_eq!(let_go, attempts.len());
    assert_eq!(journal.len(), 2 * (READERS as usize + attempts.len()));
}
