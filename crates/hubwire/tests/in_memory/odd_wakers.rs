//! Wakers of hub code that panic, and contexts that outlive their server.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures_util::Stream;
use hubwire::{CancellationToken, HubCallerContext, StreamReader, hub};
use serde_json::json;
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tracing::Level;

struct Alarm;

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        panic!("secret");
    }
}

struct AlarmedHub {
    log: Log,
}

#[hub]
impl AlarmedHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>) {
        self.log.note("disconnected");
    }

    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn read(&self, mut numbers: StreamReader<i32>) {
        let waker = Waker::from(Arc::new(Alarm));
        let read = Pin::new(&mut numbers).poll_next(&mut Context::from_waker(&waker));
        assert!(read.is_pending());
        std::future::pending::<()>().await;
    }

    pub async fn heed(&self, cancel: CancellationToken) {
        let waker = Waker::from(Arc::new(Alarm));
        let mut cancelled = Box::pin(cancel.cancelled());
        poll_fn(|_| -> Poll<()> {
            let _ = cancelled.as_mut().poll(&mut Context::from_waker(&waker));
            Poll::Pending
        })
        .await;
    }
}

fn server() -> (TestServer<AlarmedHub>, Log) {
    let log = Log::default();
    (TestServer::new(AlarmedHub { log: log.clone() }), log)
}

/// The one line of the log is about a panic at this place, and names the connection.
#[track_caller]
fn assert_line(lines: &LogLines, what: &str) {
    let line = lines.one_of_a_connection("AlarmedHub");
    assert_eq!(line.level, Level::ERROR);
    assert_eq!(line.field("what"), what);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_panics_when_an_item_wakes_it_does_not_end_the_connection() {
    let lines = LogLines::written(Level::WARN);
    let (server, log) = server();
    let mut client = server.connect().await;
    let call = json!({"type": 1, "target": "Read", "arguments": [], "streamIds": ["a"]});
    client.send_record(&call).await.unwrap();
    let item = json!({"type": 2, "invocationId": "a", "item": 1});
    client.send_record(&item).await.unwrap();
    settle().await;
    assert!(log.take().is_empty(), "the connection has ended");
    assert_line(&lines, "the waking of a stream's reader");
    let echo = client.invoke("Echo", ("x",)).await;
    assert_eq!(echo, Ok(json!("x")));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_when_a_cancel_wakes_it_does_not_end_the_connection() {
    let lines = LogLines::written(Level::WARN);
    let (server, log) = server();
    let mut client = server.connect().await;
    let id = client.start("Heed", ()).await.unwrap();
    let cancel = json!({"type": 5, "invocationId": id});
    client.send_record(&cancel).await.unwrap();
    settle().await;
    assert!(log.take().is_empty(), "the connection has ended");
    assert_line(&lines, "the waking of who waits for a token");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_when_the_end_wakes_it_does_not_prevent_the_end() {
    let (server, log) = server();
    let mut client = server.connect().await;
    client.start("Heed", ()).await.unwrap();
    settle().await;
    drop(client);
    pass(seconds(1)).await;
    assert_eq!(log.take(), ["disconnected"]);
    assert_eq!(server.signalr.statistics().connections, 0);
}

/// The waker belongs to the sender of a broadcast, not to a call of a connection.
#[tokio::test(start_paused = true)]
async fn a_sender_that_panics_when_it_is_woken_stops_no_broadcast() {
    let (server, log) = server();
    let mut client = server.connect().await;
    let context = server.context();
    let all = context.clients().all();
    let waker = Waker::from(Arc::new(Alarm));
    let mut sending = Box::pin(all.send("News", ("x".repeat(1024 * 1024),)));
    let sent = sending.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(sent.is_pending(), "it waits for the flusher");
    let _ = client.push().await.unwrap();
    settle().await;
    drop(sending);
    let sent = tokio::time::timeout(seconds(5), all.send("News", ("x",)));
    sent.await.expect("it does not wait").unwrap();
    let push = tokio::time::timeout(seconds(60), client.push()).await;
    assert_eq!(push.expect("it arrives").unwrap().1[0], "x");
    assert!(log.take().is_empty(), "the connection has ended");
}

#[test]
fn a_context_that_outlives_its_server_does_not_wait() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (server, _log) = server();
    let context = server.context();
    let first = runtime();
    let client = first.block_on(async {
        let client = server.connect().await;
        for _ in 0..300 {
            let all = context.clients().all();
            let text = ("x".repeat(10_000),);
            let _ = tokio::time::timeout(seconds(1), all.send("News", text)).await;
        }
        client
    });
    drop(first);
    drop((server, client));
    runtime().block_on(async {
        for _ in 0..600 {
            let all = context.clients().all();
            let sent = tokio::time::timeout(seconds(5), all.send("News", ("x".repeat(10_000),)));
            sent.await.expect("it does not wait").unwrap();
        }
        let groups = context.groups();
        let added = tokio::time::timeout(seconds(5), groups.add("nobody", "tea"));
        let _ = added.await.expect("it ends");
    });
}
