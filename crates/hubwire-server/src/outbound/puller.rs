//! A way out that pulls: the body of an event stream, or a poll.

use std::fmt;
use std::mem;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;

use super::state::WayOut;
use super::{Failure, Outbound, Progress};
use crate::node::replace_waker;

/// Takes what is queued, until it is dropped or another way out takes its place.
///
/// Whatever it has not taken stays in the queue.
pub(crate) struct Puller {
    outbound: Arc<Outbound>,
    attachment: u32,
}

impl Puller {
    pub(super) fn new(outbound: Arc<Outbound>, attachment: u32) -> Self {
        Self {
            outbound,
            attachment,
        }
    }

    /// Returns whether the queue is gone, so that no other puller will get anything either.
    pub(crate) fn is_gone(&self) -> bool {
        self.outbound.lock().is_gone()
    }

    /// Returns what a socket can ask about this puller while it refuses bytes.
    pub(crate) fn watch(&self) -> PullerWatch {
        PullerWatch {
            outbound: Arc::downgrade(&self.outbound),
            attachment: self.attachment,
        }
    }

    /// Waits until something is queued, and takes whole messages: the first of any size, and more
    /// within `limit` bytes.
    ///
    /// Returns `None` when nothing more will come, here or at all.
    pub(crate) fn poll_pull(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<Option<Vec<Bytes>>> {
        let mut state = self.outbound.lock();
        let is_empty = state.queue.is_empty();
        let waker = match &mut state.way_out {
            WayOut::Pulled { attachment, waker } if *attachment == self.attachment => waker,
            _ => return Poll::Ready(None),
        };
        if is_empty {
            let replaced = replace_waker(waker, cx);
            drop(state);
            // Dropping it may run code that comes back here.
            drop(replaced);
            return Poll::Pending;
        }
        let stale = waker.take();
        let before = state.queue.bytes();
        let taken = state.queue.take_whole(limit);
        state.note_progress();
        self.outbound.settle(&mut state);
        let now = state.queue.bytes();
        self.outbound.wake_waiting_owner(state);
        drop(stale);
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
            let left = mem::replace(&mut state.way_out, WayOut::Absent);
            state.absent_since = self.outbound.node.now();
            drop(state);
            drop(left);
            // The session may be waiting for this.
            self.outbound.wake_owner();
        }
    }
}

impl fmt::Debug for Puller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").finish_non_exhaustive()
    }
}

/// Tells the socket that carries what a puller took whether to go on waiting for its client.
#[derive(Clone, Debug)]
pub(crate) struct PullerWatch {
    outbound: Weak<Outbound>,
    attachment: u32,
}

/// What is known of the client of a puller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The sweep checks its progress, if more is queued; its socket checks what was taken.
    Attached(Progress),
    /// The puller has left; nothing checks the client any more.
    Detached,
    /// The client was given up, or pulls elsewhere.
    GivenUp,
}

impl PullerWatch {
    pub(crate) fn standing(&self) -> Standing {
        let Some(outbound) = self.outbound.upgrade() else {
            return Standing::Detached;
        };
        if outbound.failure().is_some() {
            return Standing::GivenUp;
        }
        match outbound.lock().way_out {
            WayOut::Pulled { attachment, .. } if attachment == self.attachment => {
                Standing::Attached(outbound.bounds.progress)
            }
            WayOut::Pulled { .. } => Standing::GivenUp,
            _ => Standing::Detached,
        }
    }

    /// Gives up the client, if this is still its way out: its session ends the connection.
    pub(crate) fn give_up(&self, failure: Failure) {
        let is_attached = matches!(self.standing(), Standing::Attached(_));
        if let Some(outbound) = self.outbound.upgrade().filter(|_| is_attached) {
            outbound.fail(failure);
        }
    }
}
