//! Detecting a TCP peer with a dead network.

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::node::DeadPeerTimeouts;

/// Makes the system detect a peer that has vanished silently; if it cannot, such a peer is
/// detected later.
pub(crate) fn probe_peer(stream: &TcpStream, timeouts: DeadPeerTimeouts) {
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new()
        .with_time(timeouts.keep_alive)
        .with_interval(timeouts.keep_alive);
    // Where the system reports the state of its probes, the sweep checks that; elsewhere the
    // system ends the socket by itself. Its timeout for unacknowledged bytes does not help: it
    // also ends readers with a window smaller than the next write.
    #[cfg(any(
        target_vendor = "apple",
        target_os = "android",
        target_os = "freebsd",
        windows
    ))]
    let probes = probes.with_retries(retries(timeouts));
    let _ = socket.set_tcp_keepalive(&probes);
}

/// Returns how many probes fit into the time.
#[cfg(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "freebsd",
    windows
))]
fn retries(timeouts: DeadPeerTimeouts) -> u32 {
    let interval = timeouts.keep_alive.as_secs().max(1);
    u32::try_from(timeouts.unacknowledged.as_secs() / interval).map_or(1, |count| count.max(1))
}
