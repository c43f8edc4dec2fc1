//! The addresses and the backlog of `hubwire::listen`.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many clients connect before the server accepts any.
#[cfg(target_os = "linux")]
const CROWD: usize = 1_500;

/// Sends a request on a connection of its own; returns the whole response.
async fn fetch(mut socket: TcpStream) -> String {
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    socket.write_all(request).await.unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).await.unwrap();
    response
}

/// A client that is dropped because the backlog is full never connects here: nothing is accepted
/// before all are connected.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_crowd_that_comes_at_once_is_connected_before_anybody_is_accepted() {
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let allowed: usize = allowed.trim().parse().unwrap();
    assert!(
        allowed >= CROWD,
        "net.core.somaxconn is too small for this test"
    );
    test_support::open_files::allow_open_files(2 * CROWD as u32 + 500);
    let listener = hubwire::listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connecting = async {
        let mut crowd = Vec::new();
        while crowd.len() < CROWD {
            match timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(socket) => crowd.push(socket.unwrap()),
                Err(_) => break,
            }
        }
        crowd
    };
    let crowd = connecting.await;
    assert_eq!(crowd.len(), CROWD, "the others could not connect");

    let mut serving = JoinSet::new();
    let app = Router::new().route("/", get("hello"));
    serving.spawn(hubwire::serve(listener, app).into_future());
    let mut fetching: JoinSet<_> = crowd.into_iter().map(fetch).collect();
    while let Some(response) = timeout(PATIENCE, fetching.join_next()).await.unwrap() {
        let response = response.unwrap();
        assert!(response.ends_with("\r\n\r\nhello"), "{response}");
    }
}

#[tokio::test]
async fn names_are_resolved_and_their_addresses_tried_in_turn() {
    let by_name = hubwire::listen("localhost:0").await.unwrap();
    assert!(by_name.local_addr().unwrap().ip().is_loopback());

    let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let taken = by_name.local_addr().unwrap();
    let second = hubwire::listen(&[taken, free][..]).await.unwrap();
    assert_ne!(second.local_addr().unwrap(), taken);

    let refused = hubwire::listen(&[free, taken][1..]).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::AddrInUse);
    let none: &[SocketAddr] = &[];
    let unresolved = hubwire::listen(none).await;
    assert_eq!(unresolved.unwrap_err().kind(), ErrorKind::InvalidInput);
    let no_address = hubwire::listen("here").await;
    assert_eq!(no_address.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_starts_again_gets_its_port_while_old_connections_linger() {
    let listener = hubwire::listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    // The side that closes first lingers in TIME-WAIT.
    drop(listener.accept().await.unwrap());
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    drop((client, listener));
    hubwire::listen(address).await.unwrap();
}
