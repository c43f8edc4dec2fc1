//! Adding messages to the queue.

use std::sync::{Arc, MutexGuard};

use hubwire_core::{EncodedMessage, WhenBusy};

use super::state::{State, WayOut};
use super::{ENTRY_COST, Failure, Outbound};
use crate::node::DropReason;

/// How the sender of a queued message should continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub(crate) enum Pace {
    GoOn,
    /// A sender that can wait should wait until the queue has space again.
    Wait,
    /// The way out should get a chance to take something first.
    GiveWay,
}

impl Outbound {
    /// Queues a message, without ever waiting; a client that is too slow is disconnected.
    pub(crate) fn offer(self: &Arc<Self>, message: &EncodedMessage) -> Pace {
        self.offer_alone(message.clone())
    }

    /// Like [`Outbound::offer`], for a message with no other receiver.
    pub(crate) fn offer_alone(self: &Arc<Self>, message: EncodedMessage) -> Pace {
        let pace = self.queue(message);
        self.bounds.memory.make_room();
        pace
    }

    fn queue(self: &Arc<Self>, message: EncodedMessage) -> Pace {
        let held = self.bounds.memory.held();
        let size = message.framed_in(self.format, held).len();
        let state = self.lock();
        if self.is_finished() {
            return Pace::GoOn;
        }
        let has_policy = !matches!(message.when_busy(), WhenBusy::Close);
        if has_policy && state.is_busy(self.node.seconds()) {
            return self.queue_for_busy(state, message, size);
        }
        self.admit(state, message, size)
    }

    /// Queues a message if the client may have so much queued, or else disconnects the client.
    #[expect(
        clippy::inline_always,
        reason = "on the way of every delivery, and called from the rare way of busy clients, too"
    )]
    #[inline(always)]
    pub(super) fn admit(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        message: EncodedMessage,
        size: usize,
    ) -> Pace {
        let maximum = self.bounds.maximum;
        let is_within = |cost: usize| cost + size + ENTRY_COST <= maximum;
        let fits = is_within(state.queue.cost())
            || state.queue.is_empty()
            || is_within(state.queue.cost_towards(maximum));
        // As long as nothing was refused, messages only wait for their turn; a sender of so much
        // has to let others run.
        let exceeds = !fits && state.is_stalled();
        if exceeds && !self.may_exceed(&mut state) {
            drop(state);
            match DropReason::of(message.when_busy()) {
                Some(reason) => self.node.drops().count(reason, 1),
                None => self.fail(Failure::QueueFull),
            }
            return Pace::GoOn;
        }
        let waker = match exceeds {
            true => state.way_out.take_waker(),
            false => None,
        };
        // Nobody waits with a message that may be dropped.
        let has_room = state.queue.bytes() + size < self.bounds.bytes
            || state.queue.is_empty()
            || DropReason::of(message.when_busy()).is_some();
        self.push(state, message, size);
        if let Some(waker) = waker {
            waker.wake();
        }
        match (fits, has_room) {
            (true, true) => Pace::GoOn,
            (true, false) => Pace::Wait,
            (false, _) => Pace::GiveWay,
        }
    }

    /// Returns whether a message may exceed the maximum, until the way out has been tried.
    ///
    /// This goes up to twice the maximum, and only while nothing was refused since it was reached.
    pub(super) fn may_exceed(&self, state: &mut State) -> bool {
        if matches!(state.way_out, WayOut::Absent { .. })
            || state.refused_at_maximum
            || state.queue.cost_towards(self.bounds.maximum) > 2 * self.bounds.maximum
        {
            return false;
        }
        state.reached_maximum = true;
        true
    }

    /// Waits until the queue has sunk below its bound, for at most the send timeout.
    pub(crate) async fn has_room(self: Arc<Self>) {
        let sunk = async {
            loop {
                // Created before the queue is checked; otherwise a change in between would be
                // missed.
                let sunk = self.room.notified();
                if self.is_finished()
                    || self.failure().is_some()
                    || self.bytes() < self.bounds.bytes
                {
                    return;
                }
                sunk.await;
            }
        };
        self.node.limits().outbound.count();
        // The message stays queued, however long this takes.
        if tokio::time::timeout(self.bounds.send_timeout, sunk)
            .await
            .is_err()
        {
            self.node.limits().send_timeout.count();
        }
    }

    /// Queues a message and leaves it to the flusher, unless the session or a drain will write it.
    #[expect(
        clippy::inline_always,
        reason = "on the way of every delivery, and called from the rare way of busy clients, too"
    )]
    #[inline(always)]
    fn push(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        message: EncodedMessage,
        size: usize,
    ) {
        let is_flushable = state.is_flushable();
        if !is_flushable {
            state.queue.trim_last();
        }
        state.queue.push(message, size, self.node.seconds());
        if !is_flushable {
            return self.settle(&mut state);
        }
        // The session will write these bytes and may be busy in hub code, so others do not wait
        // for them. But if its thread is blocked for long, they must not pile up.
        if state.gathering && state.queue.bytes() < self.bounds.bytes {
            return;
        }
        state.unflushed += size;
        let newly_dirty = !state.dirty;
        state.dirty = true;
        drop(state);
        self.flusher.add_unflushed(size);
        if newly_dirty {
            self.flusher.mark_dirty(Arc::clone(self));
        }
    }
}
