//! A way out that pulls: the body of an event stream, a poll.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Outbound;
use super::state::WayOut;

/// Takes what is queued, until it is dropped or another way out takes its place.
///
/// What it has not taken stays in the queue when it leaves.
pub(crate) struct Puller {
    outbound: Arc<Outbound>,
    attachment: u64,
}

impl Puller {
    pub(super) fn new(outbound: Arc<Outbound>, attachment: u64) -> Self {
        Self {
            outbound,
            attachment,
        }
    }

    /// Waits until something is queued, and takes whole messages: one of any size, or more within `limit` bytes.
    ///
    /// `None` when nothing will come any more, here or at all.
    pub(crate) fn poll_pull(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<Option<Vec<u8>>> {
        let mut state = self.outbound.lock();
        let WayOut::Pulled { attachment, waker } = &mut state.way_out else {
            return Poll::Ready(None);
        };
        if *attachment != self.attachment {
            return Poll::Ready(None);
        }
        *waker = Some(cx.waker().clone());
        if state.queue.is_empty() {
            return Poll::Pending;
        }
        let before = state.queue.bytes();
        let mut taken = Vec::new();
        state.queue.take_whole(limit, &mut taken);
        state.note_progress();
        let now = state.queue.bytes();
        self.outbound.wake_waiting_owner(state);
        self.outbound.tell_of_room(before, now);
        Poll::Ready(Some(taken))
    }
}

impl Drop for Puller {
    fn drop(&mut self) {
        let mut state = self.outbound.lock();
        let is_attached = matches!(
            &state.way_out,
            WayOut::Pulled { attachment, .. } if *attachment == self.attachment
        );
        if is_attached {
            state.way_out = WayOut::Absent;
        }
    }
}

impl fmt::Debug for Puller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").finish_non_exhaustive()
    }
}
