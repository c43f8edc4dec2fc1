//! Detecting that a TCP peer has left while its bytes are not being read.

use std::future::Future;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;
use tokio::io::Interest;
use tokio::net::tcp::OwnedReadHalf;

use super::Left;

/// The interest that reports the peer's end, but not its bytes.
///
/// With `PRIORITY`, the runtime also reports that the peer has closed its side.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ENDS: Interest = Interest::PRIORITY.add(Interest::ERROR);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ENDS: Interest = Interest::ERROR;

/// A TCP socket that is not being read at the moment.
pub(super) struct TcpWatch {
    half: Arc<OwnedReadHalf>,
    /// `None` once it has resolved.
    left: Option<BoxFuture<'static, Left>>,
}

impl TcpWatch {
    pub(super) fn new(half: OwnedReadHalf) -> Self {
        let half = Arc::new(half);
        let left = Box::pin(left(Arc::clone(&half)));
        Self {
            half,
            left: Some(left),
        }
    }

    /// Returns `Ready` once, when the peer has left.
    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        let Some(left) = &mut self.left else {
            return Poll::Pending;
        };
        let left = std::task::ready!(Pin::new(left).poll(cx));
        self.left = None;
        Poll::Ready(left)
    }

    /// Returns the socket to be read again; it is always there.
    pub(super) fn into_half(self) -> Option<OwnedReadHalf> {
        drop(self.left);
        Arc::into_inner(self.half)
    }
}

async fn left(half: Arc<OwnedReadHalf>) -> Left {
    loop {
        match half.ready(ENDS).await {
            Ok(ready) if ready.is_error() => return Left::Gone,
            Ok(ready) if ready.is_read_closed() => return Left::HalfClosed,
            Ok(_) => pass_over_urgent_data(&half),
            Err(_) => return Left::Gone,
        }
    }
}

/// Clears the readiness caused by urgent data, which is not an end; otherwise the next check would
/// find it again.
fn pass_over_urgent_data(half: &OwnedReadHalf) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let seen = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = half.as_ref().try_io(Interest::PRIORITY, seen);
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = half;
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::time::Duration;

    use socket2::SockRef;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Returns the watch of a peer that has sent four bytes, the peer, and an owner of the other
    /// half.
    async fn watched() -> (TcpWatch, TcpStream, impl Sized) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (peer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut peer, (socket, _)) = (peer.unwrap(), accepted.unwrap());
        peer.write_all(b"data").await.unwrap();
        socket.readable().await.unwrap();
        let (half, other) = socket.into_split();
        (TcpWatch::new(half), peer, other)
    }

    async fn left(watch: &mut TcpWatch) -> Left {
        let left = poll_fn(|cx| watch.poll_left(cx));
        let left = tokio::time::timeout(Duration::from_secs(10), left).await;
        left.expect("it is noticed")
    }

    #[tokio::test]
    async fn an_end_is_noticed_with_data_in_front_which_is_read_after_it() {
        let (mut watch, mut peer, _other) = watched().await;
        peer.shutdown().await.unwrap();
        assert_eq!(left(&mut watch).await, Left::HalfClosed);
        let mut data = String::new();
        let mut half = watch.into_half().unwrap();
        half.read_to_string(&mut data).await.unwrap();
        assert_eq!(data, "data");
    }

    #[tokio::test]
    async fn a_reset_is_noticed_with_data_in_front() {
        let (mut watch, peer, _other) = watched().await;
        peer.set_zero_linger().unwrap();
        drop(peer);
        assert_eq!(left(&mut watch).await, Left::Gone);
    }

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn urgent_data_is_no_end_and_wakes_nobody_for_long() {
        let (mut watch, mut peer, _other) = watched().await;
        let count = Arc::<Count>::default();
        let waker = Arc::clone(&count).into();
        let mut cx = Context::from_waker(&waker);
        for _ in 0..10 {
            assert_eq!(watch.poll_left(&mut cx), Poll::Pending);
            SockRef::from(&peer).send_out_of_band(&[0]).unwrap();
            // The peer's own events pass through the same driver.
            peer.write_all(b"more").await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(watch.poll_left(&mut cx), Poll::Pending);
        assert!(count.0.load(Ordering::Relaxed) <= 20);
        peer.shutdown().await.unwrap();
        assert_eq!(left(&mut watch).await, Left::HalfClosed);
    }
}
