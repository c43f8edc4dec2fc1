//! Notices that a TCP peer has left while nothing of it is read.

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

/// What tells of the peer's end without being told of its bytes.
///
/// With `PRIORITY` the runtime also reports that the peer's side is closed.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ENDS: Interest = Interest::PRIORITY.add(Interest::ERROR);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ENDS: Interest = Interest::ERROR;

/// A TCP socket that is not read at the moment.
pub(super) struct TcpWatch {
    half: Arc<OwnedReadHalf>,
    /// Until it has resolved.
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

    /// Ready once, when the peer has left.
    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        let Some(left) = &mut self.left else {
            return Poll::Pending;
        };
        let left = std::task::ready!(Pin::new(left).poll(cx));
        self.left = None;
        Poll::Ready(left)
    }

    /// The socket, to be read again; it is always there.
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

/// Urgent data is no end; unless it is said to be seen, the next look finds it again.
fn pass_over_urgent_data(half: &OwnedReadHalf) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let seen = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = half.as_ref().try_io(Interest::PRIORITY, seen);
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = half;
}
