//! What waits for a connection's socket, counted in bytes.
//!
//! One writer at a time, under the queue's lock; a half-written frame stays at the head, so whoever
//! writes next (the reader, the flusher, a drain) goes on where the last one stopped.

mod gathered;
mod state;

use std::io;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hubwire_protocol::{Opcode, encode_header};
use state::{Drain, State};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::transport::SocketWriter;

/// Answers are gathered in one buffer up to this size.
const GATHERED_SIZE: usize = 16 * 1024;

/// Streams wait while this many bytes do, as ASP.NET Core's do for its `TransportMaxBufferSize`.
const STREAMED_SIZE: usize = 64 * 1024;

/// The queue of one connection.
#[derive(Debug)]
pub(crate) struct OutboundQueue {
    limit: usize,
    state: Mutex<State>,
    room: Notify,
}

/// Who offers the queue to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    Flusher,
    /// Its write ends its gathering of answers.
    Reader,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// There is no room, because the socket refuses bytes.
    Full,
    /// The connection ends: what is sent to it vanishes.
    Gone,
    Queued(Added),
}

/// What a queued frame asks of the flusher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Added {
    /// The sender gives the socket a chance to take something before it goes on.
    pub(crate) at_bound: bool,
    pub(crate) newly_dirty: bool,
    pub(crate) unflushed: usize,
}

/// What an offer to the socket did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offered {
    pub(crate) outcome: Outcome,
    pub(crate) unflushed: usize,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Empty,
    Failed,
    /// The socket began to refuse bytes: somebody has to drain the queue.
    Refused,
    /// The reader waited for the room that there is now.
    Room,
}

/// How far a drain came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drained {
    All,
    Failed,
    Some,
    TakenOver,
}

impl OutboundQueue {
    pub(crate) fn new(limit: usize, socket: SocketWriter) -> Self {
        Self::with(limit, Some(socket))
    }

    /// The queue of a connection without a socket: nothing sent to it arrives anywhere.
    pub(crate) fn detached() -> Self {
        Self::with(0, None)
    }

    fn with(limit: usize, socket: Option<SocketWriter>) -> Self {
        Self {
            limit,
            state: Mutex::new(State::new(socket)),
            room: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame that goes to many: beyond the limit only while the socket has refused nothing.
    pub(crate) fn offer(&self, frame: Bytes) -> Push {
        let mut state = self.lock();
        if !state.is_refused() || state.bytes + frame.len() <= self.limit || state.finished {
            return state.push(frame);
        }
        // A socket counts as slow only if it refused bytes since the bound was reached.
        if state.refused_at_bound || state.bytes > 2 * self.limit {
            return Push::Full;
        }
        let pushed = state.push(frame);
        state.reached_bound = true;
        let waker = state.take_drain_waker();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        match pushed {
            Push::Queued(added) => Push::Queued(Added {
                at_bound: true,
                ..added
            }),
            other => other,
        }
    }

    /// Queues a frame that goes to this connection alone; a frame of any size fits an empty queue.
    pub(crate) fn push(&self, frame: Bytes) -> Push {
        let mut state = self.lock();
        if state.bytes > 0 && state.bytes + frame.len() > self.limit && !state.finished {
            return Push::Full;
        }
        let pushed = state.push(frame);
        let more_room = state.bytes < self.limit;
        drop(state);
        if more_room {
            self.room.notify_one();
        }
        pushed
    }

    /// Resolves when there may be room; waiters are served in the order in which they came.
    ///
    /// To be called before room is looked for, so that what happens in between is not missed.
    pub(crate) fn room(&self) -> Notified<'_> {
        self.room.notified()
    }

    /// Appends an answer, framed, for the reader to write at the end of its read.
    pub(crate) fn answer(&self, opcode: Opcode, payload: &[u8]) {
        let mut state = self.lock();
        if !state.finished {
            state.gather(encode_header(opcode, payload.len()).as_bytes(), payload);
        }
    }

    /// Appends a last message, which even a full or finished queue takes.
    pub(crate) fn last_word(&self, opcode: Opcode, payload: &[u8]) {
        let mut state = self.lock();
        if state.socket.is_some() {
            state.gather(encode_header(opcode, payload.len()).as_bytes(), payload);
        }
    }

    /// Appends a frame as it is, for closing; even a full or finished queue takes it.
    pub(crate) fn last_frame(&self, frame: &[u8]) {
        let mut state = self.lock();
        if state.socket.is_some() {
            state.gather(&[], frame);
        }
    }

    /// Answers a ping, unless the peer sends pings without reading the answers.
    pub(crate) fn pong(&self, payload: &[u8]) {
        let mut state = self.lock();
        if state.socket.is_some() && state.bytes < self.limit {
            state.gather(
                encode_header(Opcode::Pong, payload.len()).as_bytes(),
                payload,
            );
        }
    }

    /// Says that the reader is about to write the queue itself.
    pub(crate) fn gather_answers(&self) {
        self.lock().gathering = true;
    }

    /// Whether a stream may add an item.
    ///
    /// Long before the bound: what is broadcast meanwhile must find room, or a client that reads
    /// its stream would count as slow.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.lock();
        state.finished || state.bytes < STREAMED_SIZE.min(self.limit / 2)
    }

    /// Whether the queue has no room for more answers; the reader is woken when it has.
    pub(crate) fn reader_must_wait(&self) -> bool {
        let mut state = self.lock();
        state.reader_waits = !state.finished && state.bytes >= self.limit;
        state.reader_waits
    }

    /// From now on everything sent vanishes, but what is queued stays.
    pub(crate) fn finish(&self) {
        self.lock().finished = true;
        self.room.notify_waiters();
    }

    /// Whether the socket takes no bytes at the moment.
    pub(crate) fn is_refused(&self) -> bool {
        self.lock().is_refused()
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.lock().finished
    }

    /// Drops the socket and what was queued for it.
    pub(crate) fn close(&self) -> Option<SocketWriter> {
        let mut state = self.lock();
        state.finished = true;
        state.clear();
        let socket = state.socket.take();
        let drain = mem::take(&mut state.drain);
        drop(state);
        if let Drain::Running(Some(waker)) = drain {
            waker.wake();
        }
        self.room.notify_waiters();
        socket
    }

    /// Offers everything to the socket once.
    pub(crate) fn write(&self, writer: Writer) -> Offered {
        let mut state = self.lock();
        match writer {
            Writer::Flusher => state.dirty = false,
            Writer::Reader => state.gathering = false,
        }
        let unflushed = mem::take(&mut state.unflushed);
        let before = state.bytes;
        let outcome = state.offer_all(self.limit);
        // Whoever waits is woken by progress alone, or a stream would wake its reader for ever.
        let has_more_room = state.bytes < before.min(self.limit);
        drop(state);
        if has_more_room {
            self.room.notify_one();
        }
        Offered { outcome, unflushed }
    }

    /// Writes on where the socket refused; ready when it took something.
    pub(crate) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<Drained> {
        let mut state = self.lock();
        let Drain::Running(waker) = &mut state.drain else {
            return Poll::Ready(Drained::TakenOver);
        };
        *waker = Some(cx.waker().clone());
        let before = state.bytes;
        let written = state.poll_write(cx);
        let has_room = state.bytes < self.limit;
        let drained = match written {
            Poll::Ready(Ok(())) => Drained::All,
            Poll::Ready(Err(_)) => Drained::Failed,
            Poll::Pending if state.bytes < before => Drained::Some,
            Poll::Pending => {
                state.refused_at_bound = state.reached_bound;
                return Poll::Pending;
            }
        };
        state.reached_bound = false;
        state.refused_at_bound = false;
        if drained != Drained::Some {
            state.drain = Drain::Idle;
        }
        drop(state);
        if has_room {
            self.room.notify_one();
        }
        Poll::Ready(drained)
    }

    /// Writes until nothing is left, in place of any drain.
    pub(crate) fn poll_written(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        let drain = mem::take(&mut state.drain);
        let written = state.poll_write(cx);
        drop(state);
        if let Drain::Running(Some(waker)) = drain {
            waker.wake();
        }
        written
    }
}
