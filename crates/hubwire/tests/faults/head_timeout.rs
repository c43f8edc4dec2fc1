//! Requests with heads that do not end, over pipes and under paused time, and when they are cut
//! off.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use test_support::handed_over::HandedOver;

const SECOND: Duration = Duration::from_secs(1);

/// The limit of a server without any settings.
const DEFAULT: Duration = Duration::from_secs(30);

/// Timers end on whole milliseconds.
const TICK: Duration = Duration::from_millis(2);

const HEAD: &[u8] = b"GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n";

/// A server without routes.
struct Server {
    pipes: UnboundedSender<DuplexStream>,
    _serving: JoinSet<io::Result<()>>,
}

impl Server {
    fn start(limit: Option<Duration>) -> Self {
        let (pipes, accepted) = HandedOver::new();
        let mut serve = hubwire::serve(accepted, Router::new());
        if let Some(limit) = limit {
            serve = serve.request_headers_timeout(limit);
        }
        let mut serving = JoinSet::new();
        serving.spawn(serve.into_future());
        Self {
            pipes,
            _serving: serving,
        }
    }

    fn connect(&self) -> DuplexStream {
        let (near, far) = duplex(1024);
        self.pipes.send(far).unwrap();
        near
    }
}

/// Asserts that the server sends nothing and ends the connection when it has reached the limit.
async fn assert_cut(mut pipe: DuplexStream, since: Instant, limit: Duration) {
    let mut response = Vec::new();
    let reading = pipe.read_to_end(&mut response);
    let read = timeout(10 * limit, reading).await;
    let read = read.expect("the server ends the connection");
    assert!(read.is_err() || response.is_empty(), "{response:?}");
    let age = since.elapsed();
    assert!((limit..limit + TICK).contains(&age), "cut after {age:?}");
}

/// Sends a head byte by byte, one per second, until the server ends the connection.
async fn trickle(mut pipe: DuplexStream, limit: Duration) {
    let since = Instant::now();
    let mut response = Vec::new();
    for byte in HEAD.iter().cycle().filter(|byte| **byte != b'\n') {
        if pipe.write_all(&[*byte]).await.is_err() {
            break;
        }
        // A second passes, or the connection ends before that.
        if let Ok(read) = timeout(SECOND, pipe.read_buf(&mut response)).await {
            assert!(read.is_err() || response.is_empty(), "{response:?}");
            break;
        }
    }
    let age = since.elapsed();
    assert!((limit..limit + TICK).contains(&age), "cut after {age:?}");
}

async fn exchange(pipe: &mut DuplexStream) {
    pipe.write_all(HEAD).await.unwrap();
    let mut response = vec![0; 1024];
    let count = pipe.read(&mut response).await.unwrap();
    let response = str::from_utf8(&response[..count]).unwrap();
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
}

/// Checks a server with this setting, or with none.
async fn assert_limit(set: Option<Duration>, limit: Duration) {
    let server = Server::start(set);
    assert_cut(server.connect(), Instant::now(), limit).await;
    trickle(server.connect(), limit).await;

    let mut late = server.connect();
    sleep(limit - SECOND / 10).await;
    exchange(&mut late).await;

    // Each response restarts the limit, which then applies to an idle connection.
    sleep(limit / 2).await;
    exchange(&mut late).await;
    assert_cut(late, Instant::now(), limit).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_complete_head_is_cut_off_after_30_seconds() {
    assert_limit(None, DEFAULT).await;
}

#[tokio::test(start_paused = true)]
async fn the_application_can_set_the_limit() {
    for limit in [SECOND, 10 * SECOND, 60 * SECOND] {
        assert_limit(Some(limit), limit).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_does_not_affect_others() {
    let server = Server::start(None);
    let mut trickling = JoinSet::new();
    for _ in 0..100 {
        trickling.spawn(trickle(server.connect(), DEFAULT));
    }
    while !trickling.is_empty() {
        let since = Instant::now();
        exchange(&mut server.connect()).await;
        assert_eq!(since.elapsed(), Duration::ZERO);
        sleep(SECOND / 2).await;
        while let Some(ended) = trickling.try_join_next() {
            ended.unwrap();
        }
    }
}
