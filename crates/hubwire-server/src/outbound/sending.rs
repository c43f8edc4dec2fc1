//! Messages on their way into the queue.

use std::sync::{Arc, MutexGuard};

use hubwire_core::EncodedMessage;

use super::state::{State, WayOut};
use super::{Failure, Outbound};

/// Whether a sender may go on at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub(crate) enum Pace {
    /// The receiver's socket should be given a chance to take something first.
    GiveWay,
    #[default]
    GoOn,
}

impl Pace {
    /// The slower of two.
    pub(crate) fn and(self, other: Self) -> Self {
        match self {
            Self::GiveWay => self,
            Self::GoOn => other,
        }
    }
}

impl Outbound {
    /// Queues a message that goes to many, without ever waiting; a client that is too slow is let go.
    pub(crate) fn offer(self: &Arc<Self>, message: &EncodedMessage) -> Pace {
        let size = message.framed(self.format).len();
        let mut state = self.lock();
        if self.is_finished() {
            return Pace::GoOn;
        }
        if !state.is_stalled() || state.queue.bytes() + size <= self.bounds.bytes {
            self.push(state, message.clone(), size);
            return Pace::GoOn;
        }
        if !self.may_exceed(&mut state) {
            drop(state);
            self.fail(Failure::TooSlow);
            return Pace::GoOn;
        }
        let waker = state.way_out.take_waker();
        self.push(state, message.clone(), size);
        if let Some(waker) = waker {
            waker.wake();
        }
        Pace::GiveWay
    }

    /// Whether a message for many may lie beyond the bound, until the way out has been tried.
    ///
    /// Up to twice the bound, and only while nothing was refused since it was reached.
    fn may_exceed(&self, state: &mut State) -> bool {
        if matches!(state.way_out, WayOut::Absent)
            || state.refused_at_bound
            || state.queue.bytes() > 2 * self.bounds.bytes
        {
            return false;
        }
        state.reached_bound = true;
        true
    }

    /// Queues a message for this client alone if there is room; one of any size fits an empty queue.
    pub(crate) fn try_send(self: &Arc<Self>, message: &EncodedMessage) -> bool {
        let size = message.framed(self.format).len();
        let state = self.lock();
        if self.is_finished() {
            return true;
        }
        if !state.queue.is_empty() && state.queue.bytes() + size > self.bounds.bytes {
            return false;
        }
        let has_more_room = state.queue.bytes() + size < self.bounds.bytes;
        self.push(state, message.clone(), size);
        if has_more_room {
            self.room.notify_one();
        }
        true
    }

    /// Waits for room, at most the send timeout; then the client is let go.
    pub(crate) async fn send_when_room(self: Arc<Self>, message: EncodedMessage) {
        let queued = async {
            loop {
                let room = self.room();
                if self.try_send(&message) {
                    return;
                }
                room.await;
            }
        };
        let limit = self.bounds.send_timeout;
        if tokio::time::timeout(limit, queued).await.is_err() {
            self.fail(Failure::TooSlow);
        }
    }

    /// Queues a message and leaves it to the flusher, unless the session or a drain will write it.
    fn push(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        message: EncodedMessage,
        size: usize,
    ) {
        state.queue.push(message, size);
        if !state.is_flushable() {
            return;
        }
        state.unflushed += size;
        let newly_dirty = !state.dirty && !state.gathering;
        state.dirty |= newly_dirty;
        drop(state);
        self.flusher.add_unflushed(size);
        if newly_dirty {
            self.flusher.mark_dirty(Arc::clone(self));
        }
    }
}
