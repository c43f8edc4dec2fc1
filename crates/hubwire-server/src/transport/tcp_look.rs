//! Looking now and then whether a TCP peer below TLS has left while its bytes are not being read.
//!
//! The runtime reports the end of a TCP socket only to whoever owns it, and TLS does.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::Left;
use crate::outbound::{SharedStream, TcpEnd, tcp_info};

/// The time between two looks.
const PERIOD: Duration = Duration::from_secs(1);

pub(super) struct TcpLook {
    /// `None` if there is nothing to look for any more.
    timer: Option<Pin<Box<Sleep>>>,
}

impl TcpLook {
    pub(super) fn new() -> Self {
        Self {
            timer: Some(Box::pin(sleep(Duration::ZERO))),
        }
    }

    /// Returns `Ready` once, when the peer has left.
    pub(super) fn poll_left(&mut self, stream: &SharedStream, cx: &mut Context<'_>) -> Poll<Left> {
        loop {
            let Some(timer) = &mut self.timer else {
                return Poll::Pending;
            };
            ready!(timer.as_mut().poll(cx));
            let left = match stream.ask_tcp(tcp_info).flatten().map(|info| info.end) {
                Some(TcpEnd::Open) => {
                    timer.as_mut().reset(Instant::now() + PERIOD);
                    continue;
                }
                Some(TcpEnd::HalfClosed) => Some(Left::HalfClosed),
                Some(TcpEnd::Closed) => Some(Left::Gone),
                None => None,
            };
            self.timer = None;
            return left.map_or(Poll::Pending, Poll::Ready);
        }
    }
}
