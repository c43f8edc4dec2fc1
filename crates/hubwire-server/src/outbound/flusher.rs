//! Writes many queues, each once a round.
//!
//! A broadcast only queues; the flusher writes. Because it yields between batches of queues, messages
//! that arrive meanwhile join queues that are not yet written, and one write carries them all.

use std::mem;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Outbound;
use crate::node::{guarded, wake_oneself};

/// After how many queues the flusher lets others run.
const QUEUES_BETWEEN_YIELDS: usize = 64;

/// How many bytes may lie unflushed for each queue that waits, before senders wait too.
///
/// Frames are shared, so what lies there costs a fraction of it; much less, and writes carry too few.
const UNFLUSHED_PER_QUEUE: isize = 16 * 1024;

/// With few queues waiting, the limit is what this many may have.
const LEAST_QUEUES: isize = 16;

/// Writes the queues assigned to it.
#[derive(Debug, Default)]
pub(crate) struct Flusher {
    dirty: Mutex<Vec<Arc<Outbound>>>,
    /// Signed, for a writer may subtract a frame's bytes before its sender added them.
    unflushed: AtomicIsize,
    /// How many queues are dirty and not yet offered a write.
    queues: AtomicIsize,
    dirtied: Notify,
    round_done: Notify,
    /// Whether other workers can take the flusher over from one whose thread is blocked in hub code.
    workers: Workers,
    /// Wakes a task that does nothing.
    decoy: Notify,
}

/// How many workers there are to run a flusher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Workers {
    #[default]
    One,
    Several,
}

impl Flusher {
    pub(crate) fn mark_dirty(&self, outbound: Arc<Outbound>) {
        self.queues.fetch_add(1, Ordering::Relaxed);
        let mut dirty = self.dirty();
        dirty.push(outbound);
        let first = dirty.len() == 1;
        drop(dirty);
        if first {
            self.wake();
        }
    }

    /// Wakes the flusher where every worker can get at it.
    ///
    /// What a worker wakes last waits in a place of its own, from which no other worker takes it: where hub
    /// code blocks the thread next, it would wait as long. Another wake moves it on.
    fn wake(&self) {
        self.dirtied.notify_one();
        if self.workers == Workers::Several {
            self.decoy.notify_one();
        }
    }

    pub(crate) fn add_unflushed(&self, bytes: usize) {
        self.unflushed
            .fetch_add(bytes.cast_signed(), Ordering::Relaxed);
    }

    pub(crate) fn sub_unflushed(&self, bytes: usize) {
        if bytes > 0 {
            self.unflushed
                .fetch_sub(bytes.cast_signed(), Ordering::Relaxed);
        }
    }

    /// Lets waiting senders look again, after bytes were written outside of the flusher's rounds.
    pub(crate) fn relieve(&self) {
        self.round_done.notify_waiters();
    }

    pub(super) fn is_congested(&self) -> bool {
        let queues = self.queues.load(Ordering::Relaxed).max(LEAST_QUEUES);
        self.unflushed.load(Ordering::Relaxed) > queues * UNFLUSHED_PER_QUEUE
    }

    async fn relieved(&self) {
        loop {
            let round_done = self.round_done.notified();
            if !self.is_congested() {
                return;
            }
            round_done.await;
        }
    }

    /// Does nothing whenever it is woken; see [`Flusher::wake`].
    pub(crate) async fn run_decoy(self: Arc<Self>) {
        loop {
            self.decoy.notified().await;
        }
    }

    /// Writes whatever is dirty, without end.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut batch = Vec::new();
        loop {
            self.dirtied.notified().await;
            loop {
                mem::swap(&mut *self.dirty(), &mut batch);
                if batch.is_empty() {
                    break;
                }
                self.write(&mut batch).await;
            }
        }
    }

    async fn write(&self, batch: &mut Vec<Arc<Outbound>>) {
        let mut written = 0;
        for outbound in batch.drain(..) {
            if let Err(panic) = guarded(|| outbound.flush()) {
                outbound.panicked(&panic);
            }
            self.queues.fetch_sub(1, Ordering::Relaxed);
            written += 1;
            if written % QUEUES_BETWEEN_YIELDS == 0 {
                self.round_done.notify_waiters();
                self.give_way().await;
            }
        }
        self.round_done.notify_waiters();
    }

    /// Lets others run.
    ///
    /// Tokio keeps a task that yields with its worker until that has done all else it has, and so for as long
    /// as hub code blocks the thread; one that wakes itself can be taken over. With one worker there is nobody
    /// to do so, and yielding lets sockets be looked at in between.
    async fn give_way(&self) {
        match self.workers {
            Workers::One => tokio::task::yield_now().await,
            Workers::Several => wake_oneself().await,
        }
    }

    fn dirty(&self) -> MutexGuard<'_, Vec<Arc<Outbound>>> {
        self.dirty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The flushers of a server, one for each worker of its runtime.
#[derive(Debug)]
pub(crate) struct Flushers {
    flushers: Box<[Arc<Flusher>]>,
    next: AtomicUsize,
}

impl Flushers {
    pub(crate) fn new(count: usize) -> Self {
        let workers = match count {
            0 | 1 => Workers::One,
            _ => Workers::Several,
        };
        let flusher = |_| {
            Arc::new(Flusher {
                workers,
                ..Flusher::default()
            })
        };
        let flushers = (0..count.max(1)).map(flusher);
        Self {
            flushers: flushers.collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// The flusher of a new connection.
    pub(crate) fn assign(&self) -> Arc<Flusher> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.flushers[turn % self.flushers.len()])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Flusher>> {
        self.flushers.iter()
    }

    pub(crate) fn are_congested(&self) -> bool {
        self.iter().any(|flusher| flusher.is_congested())
    }

    /// Resolves when every queue with unwritten bytes was offered a write, or few bytes lie unwritten.
    pub(crate) async fn relieved(&self) {
        for flusher in self.iter() {
            flusher.relieved().await;
        }
    }
}
