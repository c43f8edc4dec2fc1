//! How much of a response the system takes before its peer has room for it.

use tokio::net::TcpStream;

/// About as much as the HTTP library takes ahead.
#[cfg(any(target_os = "android", target_os = "linux"))]
const MAXIMUM_UNSENT: u32 = 64 * 1024;

/// Makes the system refuse bytes while it could not send those that it has.
///
/// Otherwise it takes megabytes, and the body of a response ends minutes before a slow client has
/// read it. Where the system cannot do this, such clients are given up sooner.
pub(crate) fn limit_unsent(stream: &TcpStream) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(MAXIMUM_UNSENT);
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _ = stream;
}

/// Undoes [`limit_unsent`] for a WebSocket, which asks the system what has arrived.
pub(crate) fn unlimit_unsent(stream: &TcpStream) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(0);
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _ = stream;
}
