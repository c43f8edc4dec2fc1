//! The limits of HTTP connections, and how often they were hit.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hubwire::Serve;
use test_support::handed_over::HandedOver;
use test_support::recorded::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// A server whose connections are pipes of 1 KiB.
struct PipeServer {
    pipes: UnboundedSender<DuplexStream>,
    _serving: JoinSet<io::Result<()>>,
}

impl PipeServer {
    fn start(
        limit: impl FnOnce(Serve<HandedOver<DuplexStream>>) -> Serve<HandedOver<DuplexStream>>,
    ) -> Self {
        let (pipes, accepted) = HandedOver::new();
        let app = Router::new().route("/file", get(|| async { "x".repeat(4 * 1024) }));
        let mut serving = JoinSet::new();
        serving.spawn(limit(hubwire::serve(accepted, app)).into_future());
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

    /// Sends this on a connection of its own, and returns everything up to the server's end of it.
    async fn send(&self, bytes: &str) -> String {
        let (mut reader, mut writer) = tokio::io::split(self.connect());
        let mut response = String::new();
        let (_, read) = tokio::join!(
            // The server may not read it to the end.
            writer.write_all(bytes.as_bytes()),
            reader.read_to_string(&mut response)
        );
        read.unwrap();
        response
    }
}

/// Runs a scene, and returns how often each limit was hit.
fn hits(scene: impl Future<Output = ()>) -> Vec<(String, u64)> {
    measured("hubwire.limit.hits", scene)
}

#[test]
fn heads_that_are_too_large() {
    let hits = hits(async {
        let server = PipeServer::start(|serve| serve);
        let large = format!(
            "GET /file HTTP/1.1\r\nHost: x\r\nX: {}",
            "x".repeat(70 * 1024)
        );
        let many = format!(
            "GET /file HTTP/1.1\r\nHost: x\r\n{}\r\n",
            "X: x\r\n".repeat(101)
        );
        for head in [large, many] {
            let response = server.send(&head).await;
            assert!(response.starts_with("HTTP/1.1 431 "), "{response}");
        }
        let response = server.send("no HTTP\r\n\r\n").await;
        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    });
    assert_counted(&hits, &[("request_head_size", 2)]);
}

#[test]
fn heads_that_do_not_end_and_connections_that_are_idle() {
    let hits = hits(async {
        let server = PipeServer::start(|serve| serve);
        assert_eq!(server.send("GET /file HTTP/1.1\r\nHost").await, "");
        let response = server.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    });
    assert_counted(&hits, &[("request_headers_timeout", 2)]);
}

#[test]
fn responses_that_are_not_read() {
    let hits = hits(async {
        let server = PipeServer::start(|serve| serve);
        let mut client = server.connect();
        let request = b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n";
        while client.write_all(request).await.is_ok() {}
    });
    assert_counted(&hits, &[("write_timeout", 1)]);
}

#[test]
fn connections_that_are_refused_and_those_that_are_not_told() {
    let hits = hits(async {
        let server = PipeServer::start(|serve| serve.maximum_connections(1));
        let crowd: Vec<_> = (0..71).map(|_| server.connect()).collect();
        sleep(SECOND / 2).await;
        // The first is served, and 64 are told.
        let mut told = 0;
        for mut client in crowd {
            let mut response = [0; 1024];
            let read = tokio::time::timeout(SECOND / 100, client.read(&mut response)).await;
            told += usize::from(matches!(read, Ok(Ok(1..))));
            // Dropping it would end the server's wait.
            std::mem::forget(client);
        }
        assert_eq!(told, 64);
        sleep(SECOND).await;
    });
    let expected = [
        ("maximum_connections", 70),
        ("refusal_responses", 6),
        ("refusal_timeout", 64),
    ];
    assert_counted(&hits, &expected);
}
