//! What happens ten thousand times and must be a handful of lines, and what must not get lost among it.

use std::fmt;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::manual::{BindError, Call, Hub, Method, Reply, UntypedClient};
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

/// The names `M000` to `M999`.
static NAMES: [[u8; 4]; 1_000] = {
    let mut names = [*b"M000"; 1_000];
    let mut n = 0;
    while n < names.len() {
        names[n] = [
            b'M',
            b'0' + (n / 100) as u8,
            b'0' + (n / 10 % 10) as u8,
            b'0' + (n % 10) as u8,
        ];
        n += 1;
    }
    names
};

/// A hub with a thousand methods, each of which fails if it is called without an argument.
struct WideHub;

impl Hub for WideHub {
    type Client = UntypedClient;

    const METHODS: &'static [Method] = &{
        let mut methods = [Method::new("", &[], ""); 1_000];
        let mut n = 0;
        while n < methods.len() {
            let Ok(name) = std::str::from_utf8(&NAMES[n]) else {
                panic!("names are ASCII");
            };
            methods[n] = Method::new(name, &[], "").deprecated();
            n += 1;
        }
        methods
    };

    fn bind(self: Arc<Self>, _: usize, call: Call<'_, Self>) -> Result<Reply, BindError> {
        let () = call.arguments()?;
        Ok(Reply::fallible(async {
            Err::<(), _>(HubError::hidden("the disk is full"))
        }))
    }
}

/// Each of a thousand methods is called wrongly, is deprecated, and fails.
#[tokio::test(start_paused = true)]
async fn a_thousand_methods_have_few_lines_and_each_has_its_own_in_time() {
    let server = TestServer::new(WideHub);
    let mut client = server.connect().await;
    let lines = LogLines::written(Level::WARN);
    for name in WideHub::METHODS.iter().map(|method| method.name) {
        assert!(client.invoke_as::<()>(name, (1,)).await.is_err());
        assert!(client.invoke_as::<()>(name, ()).await.is_err());
    }
    let written = lines.take().len();
    assert!((20..=40).contains(&written), "{written} lines");
    let (mut wrong, mut failed, mut deprecated) = (0, 0, 0);
    let mut most = 0;
    for _ in 0..120 {
        pass(seconds(10)).await;
        let lines = lines.take();
        most = most.max(lines.len());
        for line in lines {
            match line.message.as_str() {
                "hub method failed" => failed += 1,
                "a deprecated method was called: a client has not been updated yet" => {
                    assert_eq!(line.field("since_last_line"), "2");
                    deprecated += 1;
                }
                _ => wrong += 1,
            }
        }
        client.send_record(&json!({"type": 6})).await.unwrap();
    }
    // Those that were written at once are missing here.
    assert!(most <= 80, "{most} lines in ten seconds");
    assert!(
        wrong >= 960 && failed >= 960 && deprecated >= 960,
        "{wrong} {failed} {deprecated}"
    );
    drop(client);
    server.leaves_nothing_behind().await;
}
