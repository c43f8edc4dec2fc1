//! What the kernel knows about a TCP peer.

use std::time::Duration;

use tokio::net::TcpStream;

/// The state of the bytes that were written to a TCP socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TcpInfo {
    /// How many bytes the peer's system has acknowledged in total.
    pub(crate) acknowledged: u64,
    /// How many bytes the peer's window, or the network, does not let out yet.
    pub(crate) unsent: u32,
    /// How long the peer's system has been silent; acknowledgements and answers to probes count as
    /// signs of life.
    silent_for: Duration,
    /// How many retransmissions and probes the peer's system has left unanswered since.
    unanswered: u16,
    pub(crate) end: TcpEnd,
}

/// How many retransmissions and probes a dead peer leaves unanswered; the answer to the last one may
/// be on its way.
const UNANSWERED_BY_THE_DEAD: u16 = 2;

impl TcpInfo {
    /// Returns whether the peer's system has left everything unanswered for so long.
    ///
    /// Silence alone is no sign of death. While the peer's window is closed, the kernel sends no
    /// keep-alive probes but asks for room, at intervals that double up to two minutes, and the
    /// peer's system says nothing in between.
    pub(crate) fn is_dead_after(&self, unacknowledged: Duration) -> bool {
        self.silent_for >= unacknowledged && self.unanswered >= UNANSWERED_BY_THE_DEAD
    }
}

/// How far a TCP peer has ended its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TcpEnd {
    Open,
    /// The peer sends nothing more.
    HalfClosed,
    Closed,
}

/// States of a TCP socket, from the kernel's `tcp_states.h`.
#[cfg(target_os = "linux")]
const TCP_CLOSE: u8 = 7;
#[cfg(target_os = "linux")]
const TCP_CLOSE_WAIT: u8 = 8;

/// Whether the system reports what has arrived.
///
/// Otherwise that must be guessed from what the socket accepts. A full socket accepts more only
/// once a third of its buffer is free, which may be megabytes.
pub(super) const IS_TOLD: bool = cfg!(target_os = "linux");

/// Returns `None` if the system does not report it.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "no socket library that this workspace could use provides TCP_INFO"
)]
pub(crate) fn tcp_info(socket: &TcpStream) -> Option<TcpInfo> {
    use std::mem::{MaybeUninit, offset_of};
    use std::os::fd::AsRawFd;

    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut size = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    // SAFETY: `info` is writable for `size` bytes, and the descriptor is open as long as `socket`
    // is borrowed.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut size,
        )
    };
    // Kernels before 4.6 know fewer fields, and return a smaller size.
    let known = offset_of!(libc::tcp_info, tcpi_notsent_bytes) + size_of::<u32>();
    if result != 0 || (size as usize) < known {
        return None;
    }
    // SAFETY: the structure contains only integers, for which zero is valid; the kernel has
    // overwritten some of them.
    let info = unsafe { info.assume_init() };
    Some(TcpInfo {
        acknowledged: info.tcpi_bytes_acked,
        unsent: info.tcpi_notsent_bytes,
        silent_for: Duration::from_millis(info.tcpi_last_ack_recv.into()),
        unanswered: u16::from(info.tcpi_retransmits) + u16::from(info.tcpi_probes),
        end: match info.tcpi_state {
            TCP_CLOSE => TcpEnd::Closed,
            TCP_CLOSE_WAIT => TcpEnd::HalfClosed,
            _ => TcpEnd::Open,
        },
    })
}

/// Returns `None`: the system does not report it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn tcp_info(_: &TcpStream) -> Option<TcpInfo> {
    None
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn the_kernel_tells_what_arrived() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut near, (mut far, _)) = (near.unwrap(), far.unwrap());
        let before = tcp_info(&near).unwrap().acknowledged;
        near.write_all(&[0; 1000]).await.unwrap();
        let mut bytes = [0; 1000];
        far.read_exact(&mut bytes).await.unwrap();
        let info = tcp_info(&near).unwrap();
        assert_eq!((info.acknowledged - before, info.unsent), (1000, 0));
        assert!(info.silent_for < Duration::from_secs(10));
        assert_eq!(info.end, TcpEnd::Open);
        far.shutdown().await.unwrap();
        assert_eq!(near.read(&mut bytes).await.unwrap(), 0);
        assert_eq!(tcp_info(&near).unwrap().end, TcpEnd::HalfClosed);
        far.set_zero_linger().unwrap();
        drop(far);
        near.ready(Interest::ERROR).await.unwrap();
        assert_eq!(tcp_info(&near).unwrap().end, TcpEnd::Closed);
    }
}
