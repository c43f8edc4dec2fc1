//! The memory that all queues of a node hold together, and the choice of clients to disconnect if
//! it is too much.

use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use hubwire_core::HeldBytes;
use slab::Slab;

use super::queue::Queue;
use super::{Failure, Outbound};
use crate::node::ServerOptions;

/// Counts what the queues of a node hold, each shared frame once.
///
/// Frames count by themselves, from the time they are built. A queue counts its own messages and
/// its entries as soon as its way out refuses them.
pub(crate) struct OutboundMemory {
    maximum: usize,
    /// Queues that would free at least this many bytes are dropped before others.
    victim_size: usize,
    held: Arc<HeldBytes>,
    /// The queues that count anything.
    holders: Mutex<Slab<Weak<Outbound>>>,
    /// Held by the thread that drops queues, because two threads would drop too many.
    making_room: Mutex<()>,
}

/// What a queue itself has counted.
#[derive(Debug, Default)]
pub(super) struct Charge {
    bytes: usize,
    /// The key of the queue in `holders`.
    key: usize,
}

impl OutboundMemory {
    pub(crate) fn new(options: &ServerOptions) -> Self {
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

    /// Counts what a queue holds now, in place of what it held before.
    #[inline]
    pub(super) fn settle(
        &self,
        charge: &mut Charge,
        bytes: usize,
        holder: impl FnOnce() -> Weak<Outbound>,
    ) {
        if charge.bytes != bytes {
            self.change(charge, bytes, holder);
        }
    }

    fn change(&self, charge: &mut Charge, bytes: usize, holder: impl FnOnce() -> Weak<Outbound>) {
        let before = charge.bytes;
        if before == 0 {
            charge.key = self.holders().insert(holder());
        } else if bytes == 0 {
            let _left = self.holders().try_remove(charge.key);
        }
        charge.bytes = bytes;
        self.held.add(bytes.saturating_sub(before));
        self.held.sub(before.saturating_sub(bytes));
    }

    /// Drops queues while all of them together hold too much; no queue may be locked.
    #[inline]
    pub(super) fn make_room(&self) {
        if !self.is_within() {
            self.let_queues_go();
        }
    }

    fn let_queues_go(&self) {
        // Declared before the lock, and so dropped after it: the last reference to a queue may
        // drop a foreign byte stream.
        let mut victims = Vec::new();
        let _one_at_a_time = match self.making_room.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        loop {
            victims.extend(self.victims());
            let mut went = 0;
            for (rank, victim) in victims.iter().rev() {
                if self.is_within() {
                    return;
                }
                went += usize::from(victim.let_go_if(*rank, self.victim_size));
            }
            // In the meantime, some clients have taken everything and others have come.
            if went == 0 {
                return;
            }
            victims.clear();
        }
    }

    fn is_within(&self) -> bool {
        self.held.get() <= self.maximum
    }

    /// Returns all queues, the first to be dropped at the end.
    fn victims(&self) -> Vec<(Rank, Arc<Outbound>)> {
        let holders = self.holders();
        // Collected first: the last reference to a queue must not be dropped while the holders are
        // locked.
        let queues: Vec<_> = holders.iter().filter_map(|(_, it)| it.upgrade()).collect();
        drop(holders);
        let rank = |it: Arc<Outbound>| Some((it.rank(self.victim_size)?, it));
        let mut ranked: Vec<_> = queues.into_iter().filter_map(rank).collect();
        ranked.sort_by_key(|(rank, _)| Reverse(*rank));
        ranked
    }

    fn holders(&self) -> MutexGuard<'_, Slab<Weak<Outbound>>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The order in which queues are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    ends_with_it: EndsWithIt,
    oldest: u32,
    cost: Reverse<usize>,
}

impl Rank {
    /// Returns `None` if there is nothing to free.
    fn of(queue: &Queue, victim_size: usize) -> Option<Self> {
        let oldest = queue.oldest()?;
        Some(Self {
            ends_with_it: match () {
                () if queue.ends_with(victim_size) => EndsWithIt::Much,
                () if queue.is_all_shared() => EndsWithIt::Nothing,
                () => EndsWithIt::Little,
            },
            oldest,
            cost: Reverse(queue.cost()),
        })
    }
}

/// What dropping a queue frees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EndsWithIt {
    Much,
    Little,
    /// Others also hold everything in it.
    Nothing,
}

impl Outbound {
    fn rank(&self, victim_size: usize) -> Option<Rank> {
        Rank::of(&self.lock().queue, victim_size)
    }

    /// Gives the client up, unless its rank has become better by now; returns whether it was given
    /// up.
    fn let_go_if(self: &Arc<Self>, rank: Rank, victim_size: usize) -> bool {
        let state = self.lock();
        let now = Rank::of(&state.queue, victim_size);
        let goes =
            now.is_some_and(|it| (it.ends_with_it, it.oldest) <= (rank.ends_with_it, rank.oldest));
        if goes {
            self.let_go(state, Failure::NodeFull);
        }
        goes
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
