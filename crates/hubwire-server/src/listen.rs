//! A TCP listener with room for a crowd.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, ToSocketAddrs, lookup_host};

/// How many connections may wait to be accepted: as many as the system lets.
const BACKLOG: u32 = i32::MAX as u32;

/// Listens on a TCP address, with room for all clients that come at once.
///
/// As [`TcpListener::bind`] but for the backlog, which is how many connections may wait to be accepted: as many as
/// the system allows, where `bind` has 128. While it is full Linux ignores who comes, and the client's system tries
/// again after a second, and then less and less often; so of thousands that come back after a deploy many would be
/// late by seconds. Linux allows `net.core.somaxconn`, by default 4,096; for larger crowds raise that
/// (`sysctl -w net.core.somaxconn=65535`).
///
/// A name may have several addresses, which are tried in turn; port 0 takes any that is free
/// ([`TcpListener::local_addr`]).
///
/// ```no_run
/// use hubwire::{listen, serve};
///
/// # async fn example(app: axum::Router) -> std::io::Result<()> {
/// let listener = listen("127.0.0.1:5000").await?;
/// serve(listener, app).await
/// # }
/// ```
///
/// # Errors
///
/// If the address cannot be resolved, or cannot be listened on: that of the last one tried.
pub async fn listen(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(
        io::ErrorKind::InvalidInput,
        "could not resolve to any address",
    );
    for address in lookup_host(address).await? {
        match listen_on(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A server that starts again takes its port over from its old connections. On Windows it would take it from
    // another program.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
