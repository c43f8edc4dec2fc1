//! A TCP listener with a large backlog.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, ToSocketAddrs, lookup_host};

/// The backlog that is requested; the system reduces it to its maximum.
const BACKLOG: u32 = i32::MAX as u32;

/// Listens on a TCP address, with the largest backlog that the system allows.
///
/// This is [`TcpListener::bind`] with a different backlog, which is the number of connections that
/// may wait to be accepted: the system's maximum, where `bind` has 128. While the backlog is full,
/// Linux ignores new connections. The client's system retries after a second, and then at growing
/// intervals. If thousands of clients reconnect after a deployment, many of them would be seconds
/// late. Linux allows `net.core.somaxconn`, by default 4,096; raise that for larger crowds
/// (`sysctl -w net.core.somaxconn=65535`).
///
/// A name may have several addresses, which are tried in order. Port 0 selects a free port
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
/// Returns an error if the address cannot be resolved or listened on; with several addresses, the
/// error of the last one.
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
    // A restarted server takes its port over from its old connections. On Windows it would take it
    // from another program.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
