//! A way out that pulls: the body of an event stream, or a poll.

use std::fmt;
use std::mem;
use std::sync::{Arc, MutexGuard, Weak};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;

use super::state::{State, WayOut};
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

    /// Waits until something is queued, or nothing more will come, and takes nothing.
    pub(crate) fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        let (state, stale) = match ready!(self.poll_queued(cx)) {
            Some((state, stale)) => (Some(state), stale),
            None => (None, None),
        };
        drop(state);
        drop(stale);
        Poll::Ready(())
    }

    /// Waits until the last hub message is queued, or nothing more will come.
    pub(crate) fn poll_last(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.outbound.lock();
        if state.has_last {
            return Poll::Ready(());
        }
        let replaced = match &mut state.way_out {
            WayOut::Pulled {
                attachment, waker, ..
            } if *attachment == self.attachment => replace_waker(waker, cx),
            _ => return Poll::Ready(()),
        };
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Waits until something is queued, and claims all of it: nothing of it changes any more before
    /// it is pulled. Returns its size in bytes.
    ///
    /// Returns `None` when nothing more will come, here or at all.
    pub(crate) fn poll_claim(&mut self, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        let Some((mut state, stale)) = ready!(self.poll_queued(cx)) else {
            return Poll::Ready(None);
        };
        let (bytes, entries) = (state.queue.bytes(), state.queue.entries());
        if let WayOut::Pulled { claimed, .. } = &mut state.way_out {
            *claimed = entries;
        }
        drop(state);
        drop(stale);
        Poll::Ready(Some(bytes))
    }

    /// Leaves it to the socket to judge the client: it has to take what was pulled before anything
    /// else is pulled for it.
    pub(crate) fn leave_to_socket(&self) {
        let mut state = self.outbound.lock();
        if let WayOut::Pulled {
            attachment,
            is_left_to_socket,
            ..
        } = &mut state.way_out
            && *attachment == self.attachment
        {
            *is_left_to_socket = true;
        }
    }

    /// Waits until something is queued, and takes at most `limit` bytes of it, which may end within
    /// a message.
    ///
    /// Returns `None` when nothing more will come, here or at all.
    pub(crate) fn poll_pull(&mut self, cx: &mut Context<'_>, limit: usize) -> Poll<Option<Bytes>> {
        let Some((mut state, stale)) = ready!(self.poll_queued(cx)) else {
            return Poll::Ready(None);
        };
        let (before, entries) = (state.queue.bytes(), state.queue.entries());
        let taken = state.queue.take(limit);
        let removed = entries - state.queue.entries();
        if let WayOut::Pulled { claimed, .. } = &mut state.way_out {
            *claimed = claimed.saturating_sub(removed);
        }
        state.note_pull();
        state.note_progress();
        self.outbound.settle(&mut state);
        let now = state.queue.bytes();
        self.outbound.wake_waiting_owner(state);
        drop(stale);
        self.outbound.tell_of_room(before, now);
        Poll::Ready(Some(taken))
    }

    /// Waits until something is queued; returns the queue, and a waker that is to be dropped after
    /// its lock, because that may run code that comes back here.
    fn poll_queued(
        &self,
        cx: &Context<'_>,
    ) -> Poll<Option<(MutexGuard<'_, State>, Option<Waker>)>> {
        let mut state = self.outbound.lock();
        let has_bytes = state.queue.bytes() > 0;
        let waker = match &mut state.way_out {
            WayOut::Pulled {
                attachment, waker, ..
            } if *attachment == self.attachment => waker,
            _ => return Poll::Ready(None),
        };
        if has_bytes {
            let stale = waker.take();
            return Poll::Ready(Some((state, stale)));
        }
        let replaced = replace_waker(waker, cx);
        if state.queue.is_empty() {
            drop(state);
        } else {
            // All messages were dropped in favour of newer ones, and those were taken.
            state.queue.advance(0);
            self.outbound.settle(&mut state);
            self.outbound.wake_waiting_owner(state);
        }
        drop(replaced);
        Poll::Pending
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
            let since = self.outbound.node.now();
            state.queue.forget_what_was_searched();
            let left = mem::replace(&mut state.way_out, WayOut::Absent { since });
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
    /// It must take so much of what waits for it.
    Attached(Progress),
    /// The puller has left; nothing checks the client any more.
    Detached,
    /// The client was given up, or pulls elsewhere.
    GivenUp,
}

impl Standing {
    /// Returns what the client must take, if that is checked.
    pub(crate) fn progress(self) -> Option<Progress> {
        match self {
            Self::Attached(progress) => Some(progress),
            Self::Detached | Self::GivenUp => None,
        }
    }
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

    /// Gives the client up, unless that has happened or it pulls elsewhere.
    pub(crate) fn give_up(&self, failure: Failure) {
        if matches!(self.standing(), Standing::Attached(_))
            && let Some(outbound) = self.outbound.upgrade()
        {
            outbound.fail(failure);
        }
    }
}
