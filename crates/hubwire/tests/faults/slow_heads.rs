//! Clients that never complete the head of their request, or send one without an end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::Server;
use test_support::line::Line;
use test_support::memory::resident;
use test_support::requests::{UPGRADE, read_response};

const CLIENTS: usize = 100;

/// The most memory that a connection without a complete head may cost.
const COST: usize = 24 * 1024;

/// How long a shutdown may take that does not wait for anybody.
const PROMPTLY: Duration = Duration::from_secs(2);

async fn connect(server: &Server) -> Vec<Line> {
    let mut sockets = Vec::new();
    for _ in 0..CLIENTS {
        let socket = Line::connect(server.address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        sockets.push(socket);
    }
    sockets
}

/// Asserts that the server ends these connections without sending anything.
async fn assert_ended(sockets: Vec<Line>) {
    for mut socket in sockets {
        let mut response = Vec::new();
        let reading = tokio::time::timeout(PROMPTLY, socket.read_to_end(&mut response));
        let read = reading.await.expect("the server ends the connection");
        assert!(read.is_err() || response.is_empty(), "{response:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_arrive_byte_by_byte_cost_little() {
    let server = Server::start_alone().await;
    let before = resident();
    let mut sockets = connect(&server).await;
    let head = format!(
        "GET /plain HTTP/1.1\r\nHost: {}\r\n{UPGRADE}",
        server.address
    );
    for byte in head.as_bytes().chunks(1) {
        for socket in &mut sockets {
            socket.write_all(byte).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let growth = resident().saturating_sub(before);
    assert!(growth < CLIENTS * COST, "{growth} bytes");
    // They are not hub connections yet.
    server.until_only_bystander().await;
    for socket in sockets {
        socket.set_zero_linger().unwrap();
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_heads_do_not_delay_the_end() {
    let server = Server::start().await;
    let mut sockets = connect(&server).await;
    for socket in &mut sockets {
        socket
            .write_all(b"GET /plain HTTP/1.1\r\nHos")
            .await
            .unwrap();
    }
    // The server has read them once it has served a later client.
    server.open("/plain").await.leave().await;
    let (ending, bystander) = server.begin_shutdown().await;
    let (journal, ()) = tokio::join!(
        ending.end_within(PROMPTLY, bystander),
        assert_ended(sockets)
    );
    assert_eq!(journal.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_without_a_head_do_not_delay_the_end() {
    let server = Server::start().await;
    let sockets = connect(&server).await;
    let (ending, bystander) = server.begin_shutdown().await;
    let (journal, ()) = tokio::join!(
        ending.end_within(PROMPTLY, bystander),
        assert_ended(sockets)
    );
    assert_eq!(journal, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_head_that_is_finished_is_served() {
    let server = Server::start().await;
    let mut sockets = connect(&server).await;
    let head = format!(
        "GET /plain HTTP/1.1\r\nHost: {}\r\n{UPGRADE}\r\n",
        server.address
    );
    for piece in head.as_bytes().chunks(7) {
        for socket in &mut sockets {
            socket.write_all(piece).await.unwrap();
        }
    }
    for mut socket in sockets {
        assert_eq!(read_response(&mut socket).await.0.status, 101);
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_without_an_end_is_refused() {
    const MOST: usize = 1024 * 1024;
    let server = Server::start().await;
    let mut socket = Line::connect(server.address).await.unwrap();
    socket.write_all(b"GET /plain HTTP/1.1\r\n").await.unwrap();
    let line = format!("X-Filler: {}\r\n", "x".repeat(1000));
    let mut sent = 0;
    while sent < MOST && socket.write_all(line.as_bytes()).await.is_ok() {
        sent += line.len();
    }
    let mut response = Vec::new();
    let reading = socket.read_to_end(&mut response);
    let read = tokio::time::timeout(PROMPTLY, reading).await;
    let read = read.expect("the server ends the connection");
    let response = String::from_utf8(response).unwrap();
    // The response may be lost to the reset that the unread rest of the head causes.
    let refused = response.starts_with("HTTP/1.1 431 ") || read.is_err();
    assert!(refused, "{sent} bytes sent, {response:?}");
    assert_eq!(server.finish().await, [""; 0]);
}
