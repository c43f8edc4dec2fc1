//! A look now and then at the TCP peer of an event stream while nothing is written to it: whether
//! its network is alive, and whether it reads what the system holds for it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::dead_peers::probe_peer;
use super::stream_peer::poll_again;
use crate::node::DeadPeerTimeouts;
use crate::outbound::{Failure, Progress, TcpInfo, tcp_info};

pub(super) struct PeerLook {
    timeouts: DeadPeerTimeouts,
    timer: Pin<Box<Sleep>>,
    unread: Option<Unread>,
}

/// Bytes that the system could not send yet.
struct Unread {
    since: Instant,
    /// How many bytes had arrived then.
    acknowledged: u64,
}

impl PeerLook {
    pub(super) fn new(tcp: &TcpStream, timeouts: DeadPeerTimeouts) -> Self {
        probe_peer(tcp, timeouts);
        Self {
            timeouts,
            timer: Box::pin(sleep(timeouts.keep_alive)),
            unread: None,
        }
    }

    /// Waits until the peer is to be given up, and returns why. `progress` is asked at each look.
    pub(super) fn poll(
        &mut self,
        tcp: &TcpStream,
        progress: impl FnOnce() -> Option<Progress>,
        cx: &mut Context<'_>,
    ) -> Poll<Failure> {
        ready!(self.timer.as_mut().poll(cx));
        if let Some(failure) = tcp_info(tcp).and_then(|info| self.judge(info, progress())) {
            return Poll::Ready(failure);
        }
        poll_again(&mut self.timer, self.timeouts.keep_alive, cx);
        Poll::Pending
    }

    fn judge(&mut self, info: TcpInfo, progress: Option<Progress>) -> Option<Failure> {
        if info.is_dead_after(self.timeouts.unacknowledged) {
            return Some(Failure::PeerDead);
        }
        let progress = progress.filter(|_| info.unsent > 0);
        let Some(progress) = progress else {
            self.unread = None;
            return None;
        };
        let acknowledged = info.acknowledged;
        let unread = self
            .unread
            .get_or_insert_with(|| Unread::from(acknowledged));
        let arrived = acknowledged.saturating_sub(unread.acknowledged);
        if arrived >= progress.bytes as u64 {
            *unread = Unread::from(acknowledged);
        }
        let is_overdue = unread.since.elapsed() >= progress.timeout;
        is_overdue.then_some(Failure::NoProgress)
    }
}

impl Unread {
    fn from(acknowledged: u64) -> Self {
        let since = Instant::now();
        Self {
            since,
            acknowledged,
        }
    }
}
