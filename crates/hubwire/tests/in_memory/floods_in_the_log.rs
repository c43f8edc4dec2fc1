//! What happens ten thousand times and must be a handful of lines, and what must not get lost among it.

use std::fmt;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};

use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::{HubError, HubResult, StreamReader, hub};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

/// An argument that panics when it is dropped.
struct Bomb;

impl<'de> Deserialize<'de> for Bomb {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bool::deserialize(from).map(|_| Self)
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any("an argument panics while it is dropped");
    }
}

/// Cannot be shown.
struct Undebuggable;

impl fmt::Debug for Undebuggable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no picture of me")
    }
}

impl fmt::Display for Undebuggable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("undebuggable")
    }
}

impl std::error::Error for Undebuggable {}

struct FloodedHub;

#[hub]
impl FloodedHub {
    pub fn take(&self, _bomb: Bomb) {}

    pub fn fail(&self, shown: bool) -> HubResult {
        Err(match shown {
            true => HubError::hidden(std::io::Error::other("the disk is full")),
            false => HubError::hidden(Undebuggable),
        })
    }
}

struct Refusing;

impl HubFilter for Refusing {
    async fn invoke(&self, _: &mut HubInvocation, _: Next<'_>) -> HubResult<InvocationResult> {
        Err(HubError::new("Not today"))
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_asked_of_a_plain_method_whose_argument_panics_in_its_drop() {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::new(FloodedHub);
    let mut client = server.connect().await;
    for _ in 0..500 {
        let call = json!({"type": 4, "invocationId": "1", "target": "Take", "arguments": [true]});
        client.send_record(&call).await.unwrap();
        assert_eq!(message(&mut client).await["type"], 3);
    }
    drop(client);
    server.leaves_nothing_behind().await;
    let lines = lines.take();
    assert!(lines.len() < 10, "{} lines, as {:?}", lines.len(), lines[0]);
}

#[tokio::test(start_paused = true)]
async fn calls_that_a_filter_refuses_whose_argument_panics_in_its_drop() {
    let lines = LogLines::written(Level::WARN);
    let server = TestServer::with(FloodedHub, |hub| hub.filter(Refusing));
    let mut client = server.connect().await;
    for _ in 0..500 {
        assert!(client.invoke_as::<()>("Take", (true,)).await.is_err());
    }
    drop(client);
    server.leaves_nothing_behind().await;
    let lines = lines.take();
    assert!(lines.len() < 10, "{} lines, as {:?}", lines.len(), lines[0]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_one_that_cannot_be_shown_is_said() {
    let server = TestServer::new(FloodedHub);
    let mut client = server.connect().await;
    assert!(client.invoke_as::<()>("Fail", (true,)).await.is_err());
    let lines = LogLines::written(Level::WARN);
    for shown in [false, true, true] {
        assert!(client.invoke_as::<()>("Fail", (shown,)).await.is_err());
    }
    pass(seconds(60)).await;
    let lines = lines.take();
    let is_said = |line: &&_| format!("{line:?}").contains("the disk is full");
    assert_eq!(lines.iter().filter(is_said).count(), 1, "{lines:#?}");
    drop(client);
    server.leaves_nothing_behind().await;
}

/// How often an item was decoded.
static DECODED: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        DECODED.fetch_add(1, Ordering::Relaxed);
        u8::deserialize(from).map(|_| Self)
    }
}

struct ReadingHub;

#[hub]
impl ReadingHub {
    pub async fn read(&self, mut items: StreamReader<Counted>) -> bool {
        items.next().await.is_some_and(|item| item.is_ok())
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_is_decoded_once_where_nobody_reads_the_log() {
    let server = TestServer::new(ReadingHub);
    let mut client = server.connect().await;
    assert_eq!(client.upload("Read", (), ["x"]).await, Ok(false));
    assert_eq!(client.upload("Read", (), ["x"]).await, Ok(false));
    drop(client);
    server.leaves_nothing_behind().await;
    // The first of each ten seconds is kept for a line, and may have been decoded again for that.
    assert!(DECODED.load(Ordering::Relaxed) <= 3, "{DECODED:?}");
}
