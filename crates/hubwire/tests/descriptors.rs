//! A server that is out of descriptors: it logs that, and continues when some are free again.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs;
use std::process::{Command, id};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use test_support::each_event::EachEvent;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{Event, Level};

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many clients connect, and how many of them there are descriptors for.
const CROWD: usize = 20;
const ROOM: usize = 5;

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Limits the number of open files.
fn allow_open_files(count: usize) {
    let asked = Command::new("prlimit")
        .args(["--pid", &id().to_string(), &format!("--nofile={count}:")])
        .status();
    assert!(asked.unwrap().success(), "util-linux is installed");
}

/// The only test of its process, because it uses up the descriptors.
#[tokio::test]
async fn a_server_without_descriptors_says_so_and_goes_on_when_some_are_free() {
    let lines = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lines);
    let each_event = EachEvent {
        level: Level::ERROR,
        hand_on: move |event: &Event<'_>| {
            if event.metadata().target() == "hubwire::serve" {
                count.fetch_add(1, Ordering::Relaxed);
            }
        },
    };
    let _guard = each_event.listen();
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    recorder.install().unwrap();
    let failures = || {
        let counters = metrics.snapshot().into_vec();
        let mut failures = counters
            .into_iter()
            .filter(|(key, ..)| key.key().name() == "hubwire.accept.failures");
        match failures.next() {
            Some((_, _, _, DebugValue::Counter(count))) => count,
            _ => 0,
        }
    };

    let listener = hubwire::listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(TcpStream::connect(address).await.unwrap());
    }
    // The descriptor for reading the directory is closed again.
    allow_open_files(open_files() - 1 + ROOM);
    let app = Router::new().route("/", get("hello"));
    let mut serving = JoinSet::new();
    serving.spawn(hubwire::serve(listener, app).into_future());
    // A snapshot contains what was counted since the previous one.
    let failing = async {
        let mut count = 0;
        while count < 3 {
            sleep(Duration::from_millis(20)).await;
            count += failures();
        }
    };
    timeout(PATIENCE, failing).await.expect("accepts fail");
    assert_eq!(lines.load(Ordering::Relaxed), 1, "lines about that");

    let mut last = crowd.pop().unwrap();
    drop(crowd);
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    last.write_all(request).await.unwrap();
    let mut response = String::new();
    let reading = timeout(PATIENCE, last.read_to_string(&mut response));
    reading.await.expect("the server continues").unwrap();
    assert!(response.ends_with("\r\n\r\nhello"), "{response}");
}
