//! The flusher, which writes many queues, each once in a round.
//!
//! A broadcast only queues messages; the flusher writes them. It yields between batches of queues.
//! Messages that arrive in the meantime join queues that are not yet written, and one write
//! carries them all.

use std::mem;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Outbound, OutboundMemory};
use crate::node::{ServerOptions, guarded, guarded_step};

/// After how many queues the flusher lets others run.
const QUEUES_BETWEEN_YIELDS: usize = 64;

/// After how many bytes it does so, because long queues take longer.
const BYTES_BETWEEN_YIELDS: usize = 1024 * 1024;

/// The limit is never lower than for this many queues.
const LEAST_QUEUES: isize = 16;

/// Writes the queues assigned to it.
#[derive(Debug)]
pub(crate) struct Flusher {
    dirty: Mutex<Dirty>,
    /// Signed, because a writer may subtract a frame's bytes before its sender has added them.
    unflushed: AtomicIsize,
    /// How many bytes may be unflushed for each waiting queue before senders wait too.
    unflushed_per_queue: isize,
    /// How many queues are dirty and were not yet offered a write.
    queues: AtomicIsize,
    dirtied: Notify,
    round_done: Notify,
}

/// The queues that a flusher has to write.
#[derive(Debug, Default)]
struct Dirty {
    queues: Vec<Arc<Outbound>>,
    /// Whether the task that wrote them is gone, with its runtime.
    is_abandoned: bool,
}

/// A running flusher.
struct Running(Arc<Flusher>);

impl Drop for Running {
    fn drop(&mut self) {
        let abandoned = Dirty {
            is_abandoned: true,
            ..Dirty::default()
        };
        let mut dirty = self.0.dirty();
        let left = mem::replace(&mut *dirty, abandoned);
        // They include the queues that were being written. Nobody adds any while the list is
        // locked.
        self.0.queues.store(0, Ordering::Relaxed);
        drop(dirty);
        drop(left);
        self.0.relieve();
    }
}

impl Flusher {
    fn new(unflushed_size: usize) -> Self {
        Self {
            dirty: Mutex::default(),
            unflushed: AtomicIsize::new(0),
            unflushed_per_queue: isize::try_from(unflushed_size).unwrap_or(isize::MAX),
            queues: AtomicIsize::new(0),
            dirtied: Notify::new(),
            round_done: Notify::new(),
        }
    }

    pub(crate) fn mark_dirty(&self, outbound: Arc<Outbound>) {
        let mut dirty = self.dirty();
        if dirty.is_abandoned {
            return;
        }
        self.queues.fetch_add(1, Ordering::Relaxed);
        dirty.queues.push(outbound);
        let first = dirty.queues.len() == 1;
        drop(dirty);
        if first {
            self.dirtied.notify_one();
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

    /// Lets waiting senders check again; their wakers may be hub code's own.
    pub(crate) fn relieve(&self) {
        guarded_step("the waking of senders", || self.round_done.notify_waiters());
    }

    pub(super) fn is_congested(&self) -> bool {
        let queues = self.queues.load(Ordering::Relaxed).max(LEAST_QUEUES);
        self.unflushed.load(Ordering::Relaxed) > queues.saturating_mul(self.unflushed_per_queue)
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

    /// Writes all dirty queues, forever.
    ///
    /// If the future is dropped, with its runtime, no dirty queues are kept, because nothing would
    /// write them.
    pub(crate) fn run(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        self.dirty().is_abandoned = false;
        let running = Running(self);
        async move {
            let flusher = &running.0;
            let mut batch = Vec::new();
            loop {
                flusher.dirtied.notified().await;
                loop {
                    mem::swap(&mut flusher.dirty().queues, &mut batch);
                    if batch.is_empty() {
                        break;
                    }
                    flusher.write(&mut batch).await;
                }
            }
        }
    }

    async fn write(&self, batch: &mut Vec<Arc<Outbound>>) {
        let (mut queues, mut bytes) = (0, 0);
        for outbound in batch.drain(..) {
            // Whatever happens to it, and to this task, it no longer counts.
            self.queues.fetch_sub(1, Ordering::Relaxed);
            match guarded(|| outbound.flush()) {
                Ok(written) => bytes += written,
                Err(panic) => outbound.panicked(&panic),
            }
            queues += 1;
            if queues == QUEUES_BETWEEN_YIELDS || bytes >= BYTES_BETWEEN_YIELDS {
                (queues, bytes) = (0, 0);
                self.relieve();
                tokio::task::yield_now().await;
            }
        }
        self.relieve();
    }

    fn dirty(&self) -> MutexGuard<'_, Dirty> {
        self.dirty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The flushers of a server, one for each worker of its runtime.
#[derive(Debug)]
pub(crate) struct Flushers {
    flushers: Box<[Arc<Flusher>]>,
    next: AtomicUsize,
    turn: usize,
    memory: Arc<OutboundMemory>,
}

impl Flushers {
    pub(crate) fn new(count: usize, options: &ServerOptions) -> Self {
        let flusher = |_| Arc::new(Flusher::new(options.unflushed_size));
        let flushers = (0..count.max(1)).map(flusher);
        Self {
            flushers: flushers.collect(),
            next: AtomicUsize::new(0),
            turn: options.outbound_turn_size,
            memory: Arc::new(OutboundMemory::new(options)),
        }
    }

    /// Returns how many bytes of a queue are written before others get their turn.
    pub(crate) fn turn(&self) -> usize {
        self.turn
    }

    pub(crate) fn memory(&self) -> &Arc<OutboundMemory> {
        &self.memory
    }

    /// Returns the flusher for a new connection.
    pub(crate) fn assign(&self) -> Arc<Flusher> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.flushers[turn % self.flushers.len()])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Flusher>> {
        self.flushers.iter()
    }

    /// Returns how many bytes wait for their turn to be written.
    pub(crate) fn unflushed(&self) -> usize {
        let unflushed = |it: &Arc<Flusher>| it.unflushed.load(Ordering::Relaxed);
        let bytes = self.iter().map(|it| unflushed(it).max(0).unsigned_abs());
        bytes.sum()
    }

    pub(crate) fn are_congested(&self) -> bool {
        self.iter().any(|flusher| flusher.is_congested())
    }

    /// Resolves when every queue with unwritten bytes was offered a write, or when few bytes are
    /// unwritten.
    pub(crate) async fn relieved(&self) {
        for flusher in self.iter() {
            flusher.relieved().await;
        }
    }
}
