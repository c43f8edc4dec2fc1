//! The messages that wait for a connection's client, counted in bytes, and the way out that takes
//! them.
//!
//! The way out is *attached*: a byte stream, which is written to, or something that pulls; or
//! *absent*: queued messages stay; or *gone*: they are dropped. There is only one writer at a
//! time, under the queue's lock. A half-written frame stays at the head, so the next writer (the
//! session, the flusher or a drain) continues where the last one stopped.

mod bounds;
mod busy;
mod byte_stream;
mod drain;
mod flusher;
mod gathered;
mod memory;
mod progress;
mod puller;
mod queue;
mod sending;
mod socket_writer;
mod state;
mod tcp_info;
#[cfg(test)]
pub(crate) mod tests;
mod writing;

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

pub(crate) use bounds::{Bounds, Progress};
pub(crate) use byte_stream::{BoxedSocket, ByteStream, SharedStream, Uptake, as_tcp};
pub(crate) use flusher::{Flusher, Flushers};
use futures_util::task::AtomicWaker;
use hubwire_core::FrameFormat;
use hubwire_protocol::TransferFormat;
pub(crate) use memory::OutboundMemory;
pub(crate) use puller::{Puller, PullerWatch, Standing};
use queue::ENTRY_COST;
pub(crate) use sending::Pace;
pub(crate) use socket_writer::SocketWriter;
use state::{State, WayOut};
pub(crate) use tcp_info::{TcpEnd, TcpInfo, tcp_info};
use tokio::sync::Notify;

use crate::node::{ConnectionLabel, Limit, Limits, Node, Panic, Traffic, Whose};

/// The reason why nothing more reaches a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The byte stream failed.
    Lost,
    /// Too much was queued for the client.
    QueueFull,
    /// The client accepted too little for too long.
    NoProgress,
    /// Too much was queued for all clients together, and the client's messages had waited longest.
    NodeFull,
    /// The client's system was silent for too long.
    PeerDead,
}

impl Failure {
    /// Returns the limit that was hit, if it was a limit.
    pub(crate) fn limit(self, limits: &Limits) -> Option<&Limit> {
        match self {
            Self::Lost => None,
            Self::QueueFull => Some(&limits.outbound_maximum),
            Self::NoProgress => Some(&limits.progress),
            Self::NodeFull => Some(&limits.outbound_memory),
            Self::PeerDead => Some(&limits.dead_peers),
        }
    }
}

/// The messages of one connection on their way to its client.
pub(crate) struct Outbound {
    /// Whose messages these are.
    label: ConnectionLabel,
    node: Arc<Node>,
    flusher: Arc<Flusher>,
    bounds: Arc<Bounds>,
    format: &'static FrameFormat,
    state: Mutex<State>,
    /// Wakes waiters when the queue sinks below its bound, or below the lower level for streams.
    room: Notify,
    /// The session, which is woken when there is space again and when the client is disconnected.
    owner: AtomicWaker,
    failure: OnceLock<Failure>,
    finished: AtomicBool,
}

impl Outbound {
    /// Creates a queue without a way out, for messages in the format of the transport that will
    /// take them.
    pub(crate) fn new(
        label: ConnectionLabel,
        node: Arc<Node>,
        flusher: Arc<Flusher>,
        bounds: Arc<Bounds>,
        format: &'static FrameFormat,
    ) -> Arc<Self> {
        let now = node.now();
        Arc::new(Self {
            label,
            node,
            flusher,
            bounds,
            format,
            state: Mutex::new(State::new(format, now)),
            room: Notify::new(),
            owner: AtomicWaker::new(),
            failure: OnceLock::new(),
            finished: AtomicBool::new(false),
        })
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Returns the names of the hub and the connection, for the log.
    pub(crate) fn whose(&self) -> Whose<'_> {
        self.label.whose()
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes to a byte stream from now on, in place of any other way out.
    pub(crate) fn attach_socket(self: &Arc<Self>, writer: SocketWriter) {
        let mut state = self.lock();
        let before = state.queue.bytes();
        let replaced = state.attach(WayOut::socket(writer));
        let now = state.queue.bytes();
        self.settle(&mut state);
        self.write(state);
        self.tell_of_room(before, now);
        drop(replaced.leave());
    }

    /// Lets the returned handle pull from now on, in place of any other way out.
    pub(crate) fn attach_puller(self: &Arc<Self>) -> Puller {
        let mut state = self.lock();
        let attachment = state.next_number();
        let before = state.queue.bytes();
        let replaced = state.attach(WayOut::pulled(attachment));
        let now = state.queue.bytes();
        self.settle(&mut state);
        self.wake_waiting_owner(state);
        self.tell_of_room(before, now);
        drop(replaced.leave());
        Puller::new(Arc::clone(self), attachment)
    }

    /// Wakes the session's task when its state has changed.
    pub(crate) fn wake_owner(&self) {
        self.owner.wake();
    }

    pub(crate) fn register_owner(&self, waker: &Waker) {
        self.owner.register(waker);
    }

    /// Returns why the client cannot be reached any more, if it cannot.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.get().copied()
    }

    /// Gives the client up: the session ends the connection. The first reason counts.
    fn fail(&self, failure: Failure) {
        if self.failure.set(failure).is_ok()
            && let Some(limit) = failure.limit(self.node.limits())
        {
            limit.count();
        }
        self.owner.wake();
    }

    /// Gives up the client with a way out that has panicked; other clients are not affected.
    fn panicked(&self, panic: &Panic) {
        panic.log_of(self.whose(), "a write to a client");
        self.fail(Failure::Lost);
    }

    /// Appends a hub message of the session's own; the session writes it at the end of its read.
    pub(crate) fn gather(&self, transfer_format: TransferFormat, message: &[u8]) {
        let mut state = self.lock();
        if !self.is_finished() {
            state
                .queue
                .gather(transfer_format, message, self.node.seconds());
        }
    }

    /// Appends the last hub message, even to a full or finished queue; there is only one.
    pub(crate) fn gather_last(&self, transfer_format: TransferFormat, message: &[u8]) {
        let mut state = self.lock();
        if !state.is_gone() && !state.has_last {
            state.has_last = true;
            state
                .queue
                .gather(transfer_format, message, self.node.seconds());
        }
    }

    /// Appends a control frame, unless the queue is full: a client could make the server send them
    /// without reading any.
    pub(crate) fn push_control(&self, frame: &[u8]) {
        let mut state = self.lock();
        if !state.is_gone() && self.failure().is_none() && state.queue.bytes() < self.bounds.bytes {
            state.queue.push_control(frame, self.node.seconds());
        }
    }

    /// Appends the control frame that ends the transport, even to a full or finished queue.
    pub(crate) fn push_last_control(&self, frame: &[u8]) {
        let mut state = self.lock();
        if !state.is_gone() {
            state.queue.push_control(frame, self.node.seconds());
        }
    }

    /// Records that the session will soon write the queue itself.
    pub(crate) fn start_gathering(&self) {
        self.lock().gathering = true;
    }

    /// Resolves when a stream may add an item.
    ///
    /// The level for this is far below the bound. Otherwise messages broadcast in the meantime
    /// would find no space, and senders to this client alone would wait for its streams.
    pub(crate) async fn item_room(&self) {
        loop {
            // Created before the queue is checked; otherwise a change in between would be missed.
            let sunk = self.room.notified();
            if self.is_finished() || self.bytes() < self.item_level() {
                return;
            }
            sunk.await;
        }
    }

    fn item_level(&self) -> usize {
        self.bounds.answers.min(self.bounds.bytes / 2).max(1)
    }

    /// Wakes the waiters if the queue has sunk, from `before` to `now` bytes, below their level.
    fn tell_of_room(&self, before: usize, now: usize) {
        let sank_below = |level: usize| now < level && level <= before;
        if sank_below(self.bounds.bytes) || sank_below(self.item_level()) {
            self.room.notify_waiters();
        }
    }

    /// Returns whether the client must accept something before more is done for it; the session is
    /// woken when it has.
    pub(crate) fn owner_must_wait(&self) -> bool {
        let mut state = self.lock();
        let waited = state.owner_waits;
        state.owner_waits = !self.is_finished() && self.is_full_for_owner(&state);
        let waits = state.owner_waits;
        drop(state);
        if waits && !waited {
            self.node.limits().answers.count();
        }
        waits
    }

    /// Returns whether the queue is too full for the session. A client that calls without reading
    /// gets no further than `own_level` bytes of its own.
    fn is_full_for_owner(&self, state: &State) -> bool {
        let own_level = self.bounds.answers.min(self.bounds.bytes).max(1);
        state.queue.bytes() >= self.bounds.bytes || state.queue.own_bytes() >= own_level
    }

    /// Returns whether the way out is absent, so queued messages stay.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.lock().way_out, WayOut::Absent { .. })
    }

    /// Returns whether the way out has been absent for longer than a client may be away between two
    /// polls.
    pub(crate) fn is_absent_for_too_long(&self, now: u64) -> bool {
        let WayOut::Absent { since } = self.lock().way_out else {
            return false;
        };
        Duration::from_millis(now.saturating_sub(since)) >= self.bounds.absence
    }

    /// Returns whether a newly queued message has to wait for others to take what is queued
    /// already.
    pub(crate) fn is_stalled(&self) -> bool {
        self.lock().is_stalled()
    }

    /// Returns the number of queued bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().queue.bytes()
    }

    /// Returns what the way out has taken since the last time.
    pub(crate) fn take_traffic(&self) -> Traffic {
        self.lock().take_traffic()
    }

    /// Returns the number of queued hub messages.
    pub(crate) fn messages(&self) -> usize {
        self.lock().queue.messages()
    }

    /// Discards everything that is sent from now on; what is already queued stays.
    pub(crate) fn finish(&self) {
        let state = self.lock();
        self.finished.store(true, Ordering::Release);
        drop(state);
        self.room.notify_waiters();
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Drops the way out for good, with everything that is queued for it.
    pub(crate) fn close(self: &Arc<Self>) {
        match self.take_way_out() {
            WayOut::Socket { writer, .. } => writer.close(),
            other => drop(other),
        }
    }

    /// Like [`Outbound::close`]; the connection to a peer that does not read is reset.
    pub(crate) fn reset(self: &Arc<Self>) {
        if let WayOut::Socket { writer, .. } = self.take_way_out() {
            writer.reset_on_close();
        }
    }

    /// Gives the client up, and drops its queue at once.
    fn let_go(self: &Arc<Self>, mut state: MutexGuard<'_, State>, failure: Failure) {
        self.finished.store(true, Ordering::Release);
        state.queue.clear();
        self.settle(&mut state);
        drop(state);
        self.fail(failure);
        self.room.notify_waiters();
    }

    /// Updates what the queue counts towards the node's limit, after it has changed.
    fn settle(self: &Arc<Self>, state: &mut State) {
        let cost = state.queue.own_cost();
        let memory = &self.bounds.memory;
        memory.settle(&mut state.charge, cost, || Arc::downgrade(self));
    }

    fn take_way_out(self: &Arc<Self>) -> WayOut {
        let mut state = self.lock();
        self.finished.store(true, Ordering::Release);
        state.queue.clear();
        self.settle(&mut state);
        let way_out = mem::replace(&mut state.way_out, WayOut::Gone);
        let unflushed = mem::take(&mut state.unflushed);
        drop(state);
        if unflushed > 0 {
            self.flusher.sub_unflushed(unflushed);
            self.flusher.relieve();
        }
        self.room.notify_waiters();
        way_out.leave()
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        self.flusher.sub_unflushed(state.unflushed);
        let memory = &self.bounds.memory;
        memory.settle(&mut state.charge, 0, Weak::new);
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
