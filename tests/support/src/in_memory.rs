//! What the in-memory tests share: a server that must leave nothing behind, a log, gates, the clock.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hubwire::manual::Hub;
use hubwire::protocol::{Opcode, write_masked_frame};
use hubwire::testing::{ClientTransport, Received, TestClient};
use hubwire::{HubBuilder, HubContext, HubEndpoint, HubHandle, Principal, SignalR, Statistics};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::each_event::ask_for_every_line;

/// A server with one hub.
pub struct TestServer<H: Hub> {
    pub signalr: SignalR,
    pub hub: HubHandle<H>,
    pub endpoint: HubEndpoint,
}

impl<H: Hub> TestServer<H> {
    pub fn new(hub: H) -> Self {
        Self::with(hub, |options| options)
    }

    pub fn with(hub: H, configure: impl FnOnce(HubBuilder<H>) -> HubBuilder<H>) -> Self {
        Self::on(SignalR::new(), hub, configure)
    }

    pub fn on(
        signalr: SignalR,
        hub: H,
        configure: impl FnOnce(HubBuilder<H>) -> HubBuilder<H>,
    ) -> Self {
        // Before anything is logged, so that no line is ignored where a test listens later.
        ask_for_every_line();
        let hub = configure(signalr.hub::<H>()).build(hub);
        let endpoint = hub.endpoint();
        Self {
            signalr,
            hub,
            endpoint,
        }
    }

    pub fn context(&self) -> HubContext<H> {
        self.hub.context()
    }

    pub async fn connect(&self) -> TestClient {
        TestClient::connect(&self.endpoint)
            .await
            .expect("the server accepts the handshake")
    }

    pub async fn connect_as(&self, user: &str) -> TestClient {
        let principal = Principal::new([("sub", user)]);
        TestClient::connect_as(&self.endpoint, principal)
            .await
            .expect("the server accepts the handshake")
    }

    pub fn open(&self) -> TestClient {
        TestClient::open(&self.endpoint, None)
    }

    /// The end of every test: with all clients gone, the server holds nothing.
    pub async fn leaves_nothing_behind(&self) {
        settle().await;
        assert_eq!(self.signalr.statistics(), Statistics::default());
    }

    /// The same where several threads serve the connections, and end them when they get to it.
    pub async fn leaves_nothing_behind_soon(&self) {
        let limit = Instant::now() + seconds(12);
        while self.signalr.statistics() != Statistics::default() && Instant::now() < limit {
            pass(Duration::from_millis(10)).await;
        }
        self.leaves_nothing_behind().await;
    }
}

/// Notes of what happened, in order; clones write into the same.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn note(&self, what: impl Into<String>) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(what.into());
    }

    /// The notes since the last time.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many hold this log.
    pub fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// Where hub code waits until a test lets it through.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    pub fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub async fn passed(&self) {
        let permit = self.0.acquire().await;
        permit.expect("a gate is never torn down").forget();
    }

    /// Lets that many through.
    pub fn open(&self, count: usize) {
        self.0.add_permits(count);
    }
}

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Lets time pass, timer by timer; under the paused clock nobody really waits.
pub async fn pass(time: Duration) {
    sleep(time).await;
}

/// Lets everything run that can: the paused clock moves only when nothing else can.
pub async fn settle() {
    pass(Duration::from_millis(1)).await;
}

/// Checks what the clock says, in seconds.
#[track_caller]
pub fn assert_elapsed(since: Instant, expected: RangeInclusive<f64>) {
    let elapsed = since.elapsed().as_secs_f64();
    assert!(expected.contains(&elapsed), "{elapsed} s, not {expected:?}");
}

/// The next thing but a ping of the server.
pub async fn next<T: ClientTransport>(client: &mut TestClient<T>) -> Received {
    loop {
        match client.receive().await.expect("the server sends frames") {
            Received::Message(message) if message["type"] == 6 => {}
            other => return other,
        }
    }
}

/// The next hub message but a ping.
pub async fn message<T: ClientTransport>(client: &mut TestClient<T>) -> Value {
    match next(client).await {
        Received::Message(message) => message,
        other => panic!("expected a message, received {other:?}"),
    }
}

/// Everything but pings that arrives within this time.
pub async fn heard_within<T: ClientTransport>(
    client: &mut TestClient<T>,
    time: Duration,
) -> Vec<Received> {
    let mut heard = Vec::new();
    let listen = async {
        loop {
            heard.push(next(client).await);
            if matches!(heard.last(), Some(Received::Lost)) {
                std::future::pending::<()>().await;
            }
        }
    };
    assert!(timeout(time, listen).await.is_err(), "listening never ends");
    heard
}

/// Checks that nothing but pings arrives within this time, and so that the connection lives.
pub async fn assert_silent<T: ClientTransport>(client: &mut TestClient<T>, time: Duration) {
    assert_eq!(heard_within(client, time).await, []);
}

/// Checks the end of a connection: Close with this content, then 1000, which the client returns.
pub async fn assert_closed_with(client: &mut TestClient, close: Value) {
    assert_eq!(next(client).await, Received::Message(close));
    assert_eq!(next(client).await, Received::Closed(Some(1000)));
    // The server may have gone already.
    let _ = client.close().await;
    assert_eq!(next(client).await, Received::Lost);
}

pub async fn ping<T: ClientTransport>(client: &mut TestClient<T>) {
    let ping = client.send_record(&json!({"type": 6})).await;
    ping.expect("the server still listens");
}

/// Sends a control frame of the WebSocket itself.
pub async fn send_frame(client: &mut TestClient, opcode: Opcode, payload: &[u8]) {
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], payload);
    let sent = client.send_raw(&frame).await;
    sent.expect("the server still listens");
}
