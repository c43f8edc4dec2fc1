//! What becomes of messages to clients that are busy, as their policies say.

use std::mem;
use std::sync::{Arc, MutexGuard};

use hubwire_core::{EncodedMessage, WhenBusy};

use super::queue::Replaced;
use super::sending::Pace;
use super::state::State;
use super::{ENTRY_COST, Failure, Outbound};
use crate::node::DropReason;

impl Outbound {
    /// Queues a message with a policy for a client that is busy, or drops it or others.
    #[cold]
    pub(super) fn queue_for_busy(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        message: EncodedMessage,
        size: usize,
    ) -> Pace {
        let before = state.queue.bytes();
        let Displaced { dropped, left } = self.displace(&mut state, message, size);
        self.settle(&mut state);
        let now = state.queue.bytes();
        let owner_waited = !self.is_full_for_owner(&state) && mem::take(&mut state.owner_waits);
        let pace = match left {
            Some(message) => self.admit(state, message, size),
            None => self.admit_replaced(state, before < now),
        };
        if owner_waited {
            self.owner.wake();
        }
        self.tell_of_room(before, now);
        if let Some((reason, count)) = dropped {
            self.node.drops().count(reason, count);
        }
        pace
    }

    /// Disconnects a client if a message in the place of a smaller one made its queue too large.
    fn admit_replaced(&self, mut state: MutexGuard<'_, State>, has_grown: bool) -> Pace {
        let maximum = self.bounds.maximum;
        let exceeds = has_grown
            && state.queue.cost_towards(maximum) > maximum
            && state.is_stalled()
            && !self.may_exceed(&mut state);
        drop(state);
        if exceeds {
            self.fail(Failure::QueueFull);
        }
        Pace::GoOn
    }

    /// Drops or replaces messages in favour of this one, or this one itself.
    fn displace(&self, state: &mut State, message: EncodedMessage, size: usize) -> Displaced {
        let head = state.head();
        match message.when_busy() {
            WhenBusy::Volatile => Displaced::itself(DropReason::Volatile),
            WhenBusy::DropNewest if !self.has_room_for_droppable(state, size) => {
                Displaced::itself(DropReason::DropNewest)
            }
            WhenBusy::DropOldest => {
                let mut count = 0;
                while !self.has_room_for_droppable(state, size) && state.queue.drop_oldest(head) {
                    count += 1;
                }
                Displaced {
                    dropped: Some((DropReason::DropOldest, count)),
                    left: Some(message),
                }
            }
            WhenBusy::Latest(_) => {
                let Replaced { count, left } = state.queue.replace(message, size, head);
                let dropped = Some((DropReason::Replaced, count));
                Displaced { dropped, left }
            }
            _ => Displaced {
                dropped: None,
                left: Some(message),
            },
        }
    }

    /// Returns whether a message of this size can be queued without reaching the size from which
    /// on senders wait, or the maximum.
    fn has_room_for_droppable(&self, state: &State, size: usize) -> bool {
        let cost = state.queue.cost() + size + ENTRY_COST;
        let bytes = state.queue.bytes() + size;
        state.queue.is_empty() || (bytes < self.bounds.bytes && cost <= self.bounds.maximum)
    }
}

/// What was dropped for a message, and the message, if it is still to be queued.
struct Displaced {
    dropped: Option<(DropReason, u64)>,
    left: Option<EncodedMessage>,
}

impl Displaced {
    /// The message itself was dropped.
    fn itself(reason: DropReason) -> Self {
        Self {
            dropped: Some((reason, 1)),
            left: None,
        }
    }
}
