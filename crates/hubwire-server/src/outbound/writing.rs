//! Writing queued messages, as far as a byte stream accepts them at once.

use std::io;
use std::mem;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, ready};

use super::state::{Drain, State, Turn, WayOut};
use super::{Failure, Outbound};

/// The outcome of offering a queue to its way out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// How many bytes the flusher no longer needs to count.
    unflushed: usize,
    /// How many bytes were taken.
    taken: usize,
}

impl Outbound {
    /// Writes on behalf of the session, at the end of its read.
    pub(crate) fn write_gathered(self: &Arc<Self>) {
        let mut state = self.lock();
        state.gathering = false;
        if self.write(state).unflushed > 0 {
            self.flusher.relieve();
        }
        self.bounds.memory.make_room();
    }

    /// Writes on behalf of the flusher, in its round; returns how many bytes were taken.
    pub(super) fn flush(self: &Arc<Self>) -> usize {
        let mut state = self.lock();
        state.dirty = false;
        let written = self.write(state);
        self.bounds.memory.make_room();
        written.taken
    }

    /// Offers the queue to the way out, once.
    pub(super) fn write(self: &Arc<Self>, mut state: MutexGuard<'_, State>) -> Written {
        let unflushed = mem::take(&mut state.unflushed);
        self.flusher.sub_unflushed(unflushed);
        if state.queue.is_empty() {
            self.wake_waiting_owner(state);
            return Written {
                unflushed,
                taken: 0,
            };
        }
        let mut taken = 0;
        match &mut state.way_out {
            WayOut::Pulled { waker, .. } => {
                let waker = waker.take();
                self.settle(&mut state);
                drop(state);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            WayOut::Socket {
                drain: Drain::Idle, ..
            } => taken = self.write_to_socket(state),
            _ => self.settle(&mut state),
        }
        Written { unflushed, taken }
    }

    /// Writes to the byte stream; returns how many bytes it accepted.
    fn write_to_socket(self: &Arc<Self>, mut state: MutexGuard<'_, State>) -> usize {
        let before = state.queue.bytes();
        let written = state.try_write(self.bounds.turn);
        self.settle(&mut state);
        let now = state.queue.bytes();
        if now < before {
            state.note_progress();
        }
        match written {
            Poll::Pending => {
                let number = state.start_drain();
                drop(state);
                let drain = Arc::clone(self).drain(number);
                self.node.spawn_writer(drain);
            }
            Poll::Ready(Ok(Turn::Done)) => self.wake_waiting_owner(state),
            Poll::Ready(Ok(Turn::Over)) => {
                self.node.limits().outbound_turn.count();
                let newly_dirty = !mem::replace(&mut state.dirty, true);
                // The rest was not refused, so senders still wait for it.
                state.unflushed = now;
                self.flusher.add_unflushed(now);
                self.wake_waiting_owner(state);
                if newly_dirty {
                    self.flusher.mark_dirty(Arc::clone(self));
                }
            }
            Poll::Ready(Err(_)) => {
                state.queue.clear();
                self.settle(&mut state);
                drop(state);
                // Once nothing more is sent, the end of the input is the better reason.
                if !self.is_finished() {
                    self.fail(Failure::Lost);
                }
            }
        }
        self.tell_of_room(before, now);
        before.saturating_sub(now)
    }

    /// Wakes the session if the space that it waited for is there.
    pub(super) fn wake_waiting_owner(&self, mut state: MutexGuard<'_, State>) {
        let waited = !self.is_full_for_owner(&state) && mem::take(&mut state.owner_waits);
        drop(state);
        if waited {
            self.owner.wake();
        }
    }

    /// Writes until nothing is left, in place of any drain.
    pub(crate) fn poll_written(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.owner.register(cx.waker());
        let mut state = self.lock();
        if let WayOut::Socket { drain, .. } = &mut state.way_out {
            let replaced = mem::replace(drain, Drain::Idle);
            let written = state.poll_write(self.bounds.turn, cx);
            self.settle(&mut state);
            drop(state);
            if let Drain::Running {
                waker: Some(waker), ..
            } = replaced
            {
                waker.wake();
            }
            return match ready!(written)? {
                Turn::Done => Poll::Ready(Ok(())),
                Turn::Over => {
                    self.node.limits().outbound_turn.count();
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            };
        }
        if state.queue.is_empty() {
            return Poll::Ready(Ok(()));
        }
        state.owner_waits = true;
        Poll::Pending
    }

    /// Shuts a byte stream down cleanly, once everything is written.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.lock().way_out {
            WayOut::Socket { writer, .. } => writer.poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}
