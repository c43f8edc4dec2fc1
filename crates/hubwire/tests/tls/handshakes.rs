//! Handshakes that do not end: others get in, and nothing is left behind.

use std::time::Duration;

use test_support::http2::Http2;
use test_support::recorded::{assert_counted, measured};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use crate::server::PipeServer;

const SECOND: Duration = Duration::from_secs(1);

fn hits(scene: impl Future<Output = ()>) -> Vec<(String, u64)> {
    measured("hubwire.limit.hits", scene)
}

#[test]
fn a_handshake_that_takes_too_long_ends() {
    let hits = hits(async {
        let server = PipeServer::start();
        let since = Instant::now();
        let mut silent = server.connect(1024);
        assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(since.elapsed().as_secs(), 10);
        let mut slow = server.connect(1024);
        let since = Instant::now();
        // The beginning of a ClientHello of 200 bytes.
        let mut hello = vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
        hello.resize(200, 0);
        for byte in hello {
            if slow.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(SECOND).await;
        }
        // The next byte shows it.
        assert!(since.elapsed() < 12 * SECOND, "{:?}", since.elapsed());
    });
    assert_counted(&hits, &[("tls_handshake_timeout", 2)]);
}

/// A client that leaves, or that does not speak TLS, hits no limit.
#[test]
fn handshakes_that_fail_are_nobodys_limit() {
    let hits = hits(async {
        let server = PipeServer::with(|serve| serve.maximum_tls_handshakes(1));
        for bytes in [&b""[..], &[0x16, 3, 1], b"GET / HTTP/1.1\r\n\r\n"] {
            let mut pipe = server.connect(1024);
            pipe.write_all(bytes).await.unwrap();
            drop(pipe);
            timeout(SECOND, server.http2())
                .await
                .expect("there is room");
        }
    });
    assert_counted(&hits, &[]);
}

/// 30 sockets send nothing where 10 may shake hands: an honest client waits for a quarter of the
/// time limit for every 10 in front of it.
#[test]
fn clients_that_only_begin_keep_nobody_out() {
    let hits = hits(async {
        let server = PipeServer::with(|serve| serve.maximum_tls_handshakes(10));
        let silent: Vec<_> = (0..30).map(|_| server.connect(1024)).collect();
        let since = Instant::now();
        let mut honest = server.http2().await;
        let waited = since.elapsed();
        assert!(waited < 10 * SECOND, "{waited:?}");
        assert_eq!(honest.get("/").await.status, 200);
        sleep(10 * SECOND).await;
        drop(silent);
    });
    let counted: Vec<_> = hits.iter().map(|(name, _)| &**name).collect();
    assert_eq!(counted, ["maximum_tls_handshakes", "tls_handshake_timeout"]);
    let all: u64 = hits.iter().map(|(_, count)| count).sum();
    assert_eq!(all, 30, "{hits:?}");
}

/// While honest clients shake hands slowly, nobody is thrown out.
#[tokio::test(start_paused = true)]
async fn a_crowd_of_honest_clients_gets_in() {
    let server = PipeServer::with(|serve| serve.maximum_tls_handshakes(3));
    let connecting = (0..100).map(|_| server.http2());
    let clients: Vec<Http2> = futures_util::future::join_all(connecting).await;
    assert_eq!(clients.len(), 100);
}

/// Any time may be set.
#[tokio::test(start_paused = true)]
async fn a_handshake_may_take_for_ever() {
    let server = PipeServer::with(|serve| {
        serve
            .tls_handshake_timeout(Duration::MAX)
            .maximum_tls_handshakes(1)
    });
    let silent = server.connect(1024);
    let waiting = timeout(3600 * SECOND, server.http2()).await;
    assert!(waiting.is_err(), "the only place is taken");
    drop(silent);
    let mut http2 = timeout(SECOND, server.http2()).await.unwrap();
    assert_eq!(http2.get("/").await.status, 200);
}

/// A handshake has no request that could be finished.
#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_no_handshake() {
    let mut server = PipeServer::start();
    let mut silent = server.connect(1024);
    sleep(SECOND / 10).await;
    server.end();
    let since = Instant::now();
    server.ended().await;
    assert!(since.elapsed() < SECOND, "{:?}", since.elapsed());
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
}
