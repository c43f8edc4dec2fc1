//! What all queues of a node hold together, and who is let go when that is too much.

use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use hubwire_core::HeldBytes;
use slab::Slab;

use super::{Failure, Outbound};
use crate::node::ServerOptions;

/// Counts what the queues of a node hold, each shared frame once.
///
/// Frames count by themselves, from when they are built; a queue counts its own messages and its entries as
/// soon as its way out refuses them.
pub(crate) struct OutboundMemory {
    maximum: usize,
    /// Queues with which at least this many bytes end are let go before others.
    victim_size: usize,
    held: Arc<HeldBytes>,
    /// The queues that count anything.
    holders: Mutex<Slab<Weak<Outbound>>>,
    /// Held by whoever lets queues go, for two would let too many go.
    making_room: Mutex<()>,
}

/// What a queue counts of its own.
#[derive(Debug, Default)]
pub(super) struct Charge {
    bytes: usize,
    /// Where the queue stands among those that count anything.
    key: usize,
}

impl OutboundMemory {
    pub(crate) fn new(options: ServerOptions) -> Self {
        Self {
            maximum: options.maximum_outbound_memory,
            victim_size: options.outbound_victim_size,
            held: Arc::default(),
            holders: Mutex::default(),
            making_room: Mutex::default(),
        }
    }

    pub(crate) fn held(&self) -> &Arc<HeldBytes> {
        &self.held
    }

    /// Counts what a queue holds now in place of what it held before.
    pub(super) fn settle(
        &self,
        charge: &mut Charge,
        bytes: usize,
        holder: impl FnOnce() -> Weak<Outbound>,
    ) {
        let before = charge.bytes;
        if before == bytes {
            return;
        }
        if before == 0 {
            charge.key = self.holders().insert(holder());
        } else if bytes == 0 {
            let _left = self.holders().try_remove(charge.key);
        }
        charge.bytes = bytes;
        self.held.add(bytes.saturating_sub(before));
        self.held.sub(before.saturating_sub(bytes));
    }

    /// Lets queues go while all together hold too much; no queue may be locked.
    pub(super) fn make_room(&self) {
        if self.is_within() {
            return;
        }
        // Dropped behind the lock: the last reference to a queue may drop somebody's byte stream.
        let mut victims;
        let _one_at_a_time = match self.making_room.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        victims = self.victims();
        while !self.is_within() {
            match victims.next() {
                Some(victim) => victim.let_go(Failure::NodeFull),
                None => return,
            }
        }
    }

    fn is_within(&self) -> bool {
        self.held.get() <= self.maximum
    }

    /// All queues, in the order in which they are let go.
    fn victims(&self) -> impl Iterator<Item = Arc<Outbound>> {
        let holders = self.holders();
        // Collected first: the last reference to a queue must not go while the holders are locked.
        let queues: Vec<_> = holders.iter().filter_map(|(_, it)| it.upgrade()).collect();
        drop(holders);
        let mut ranked: Vec<_> = queues
            .into_iter()
            .map(|it| (it.rank(self.victim_size), it))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, queue)| queue)
    }

    fn holders(&self) -> MutexGuard<'_, Slab<Weak<Outbound>>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The order in which queues are let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    ends_with_it: EndsWithIt,
    oldest: u32,
    cost: Reverse<usize>,
}

/// What the end of a queue frees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EndsWithIt {
    Much,
    Little,
    /// Others hold all of it, too.
    Nothing,
}

impl Outbound {
    fn rank(&self, victim_size: usize) -> Rank {
        let state = self.lock();
        let queue = &state.queue;
        Rank {
            ends_with_it: match () {
                () if queue.ends_with(victim_size) => EndsWithIt::Much,
                () if queue.is_all_shared() => EndsWithIt::Nothing,
                () => EndsWithIt::Little,
            },
            oldest: state.queue.oldest().unwrap_or(u32::MAX),
            cost: Reverse(state.queue.cost()),
        }
    }
}

impl fmt::Debug for OutboundMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundMemory")
            .field("maximum", &self.maximum)
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}
