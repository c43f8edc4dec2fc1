//! Thousands of sockets that only begin TLS handshakes: honest clients get in, and nothing is left.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use test_support::http2::Http2;
use test_support::open_files::allow_open_files;
use test_support::tls::*;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// The defaults of `tls_handshake_timeout` and `maximum_tls_handshakes`.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const MAXIMUM_HANDSHAKES: usize = 2000;

/// How many sockets send nothing, and how many send a byte a second.
const SILENT: usize = 2500;
const SLOW: usize = 2500;

/// Longer than anything takes that has no time limit here.
const PATIENCE: Duration = Duration::from_secs(60);

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Returns how often limits were hit since the last call, all of them together; there must be no
/// other limits than these two.
fn hits(metrics: &Snapshotter) -> u64 {
    let mut hits = 0;
    for (key, _, _, value) in metrics.snapshot().into_vec() {
        let key = key.key();
        let DebugValue::Counter(count @ 1..) = value else {
            continue;
        };
        if key.name() == "hubwire.limit.hits" {
            let limit = key.labels().next().unwrap().value().to_owned();
            let is_expected = matches!(&*limit, "tls_handshake_timeout" | "maximum_tls_handshakes");
            assert!(is_expected, "{limit}");
            hits += count;
        }
    }
    hits
}

/// Sends the beginning of a ClientHello, a byte a second.
async fn send_slowly(sockets: Vec<TcpStream>) {
    let mut hello = vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
    hello.resize(200, 0);
    for byte in hello {
        for socket in &sockets {
            // The server may have ended it.
            let _ = socket.try_write(&[byte]);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// The only test of its process, because it counts descriptors and tasks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_handshakes_that_do_not_end_keep_nobody_out() {
    allow_open_files(20_000);
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    recorder.install().unwrap();
    let listener = hubwire::listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let certificate = Certificate::new();
    let files = PemFiles::new(&certificate);
    let connector = certificate.client(&[HTTP_2]);
    let app = Router::new().route("/", get("hello"));
    let mut serving = JoinSet::new();
    serving.spawn(hubwire::serve(listener, app).tls(files.tls()).into_future());
    let connect = async || {
        let socket = TcpStream::connect(address).await.unwrap();
        Http2::over(connect(&connector, socket).await).await
    };
    connect().await.get("/").await.text().await;
    sleep(Duration::from_secs(1)).await;
    let (files_before, tasks_before) = (open_files(), tasks());

    let mut crowd = Vec::new();
    for _ in 0..SILENT + SLOW {
        crowd.push(TcpStream::connect(address).await.unwrap());
    }
    let mut sending = JoinSet::new();
    sending.spawn(send_slowly(crowd.split_off(SILENT)));
    for number in 0..10 {
        let since = Instant::now();
        let mut honest = timeout(PATIENCE, connect()).await.expect("a connection");
        assert_eq!(honest.get("/").await.text().await, "hello");
        let waited = since.elapsed();
        assert!(
            waited < HANDSHAKE_TIMEOUT,
            "the {number}th waited {waited:?}"
        );
    }
    // Each of them hits one limit or the other.
    let (since, mut ended) = (Instant::now(), 0);
    while ended < (SILENT + SLOW) as u64 {
        assert!(since.elapsed() < PATIENCE, "only {ended} have ended");
        sleep(Duration::from_millis(100)).await;
        ended += hits(&metrics);
    }
    assert_eq!(ended, (SILENT + SLOW) as u64);
    sending.shutdown().await;
    drop(crowd);
    let since = Instant::now();
    while (open_files(), tasks()) != (files_before, tasks_before) {
        let left = (open_files(), tasks());
        let before = (files_before, tasks_before);
        assert!(since.elapsed() < PATIENCE, "{left:?}, {before:?} before");
        sleep(Duration::from_millis(100)).await;
    }
    // Those that are gone delay nobody.
    let since = Instant::now();
    for _ in 0..MAXIMUM_HANDSHAKES / 100 {
        connect().await.get("/").await.text().await;
    }
    assert!(since.elapsed() < HANDSHAKE_TIMEOUT);
}
