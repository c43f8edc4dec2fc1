//! The state under the queue's lock.

use std::io::{self, IoSlice};
use std::mem;
use std::task::{Context, Poll, Waker, ready};

use hubwire_core::FrameFormat;

use super::SocketWriter;
use super::memory::Charge;
use super::progress::Watch;
use super::queue::{Head, Queue};
use crate::node::Traffic;

/// The maximum number of entries in one write.
const ENTRIES_PER_WRITE: usize = 64;

#[derive(Debug)]
pub(super) struct State {
    pub(super) queue: Queue,
    pub(super) way_out: WayOut,
    /// The number of ways out and drains so far.
    last_number: u32,
    /// Bytes queued since the flusher last offered a write.
    pub(super) unflushed: usize,
    /// Whether the queue is on the flusher's list.
    pub(super) dirty: bool,
    /// While the session gathers messages it also writes them, so nobody else has to.
    pub(super) gathering: bool,
    pub(super) owner_waits: bool,
    /// The last hub message is queued, or was.
    pub(super) has_last: bool,
    /// A message was queued beyond the maximum, and no write was tried since.
    pub(super) reached_maximum: bool,
    /// The byte stream has refused bytes since then.
    pub(super) refused_at_maximum: bool,
    pub(super) watch: Watch,
    /// What the queue counts towards the node's limit.
    pub(super) charge: Charge,
    /// The byte stream may hold bytes back until it is flushed.
    must_flush: bool,
    /// How often the byte stream has taken bytes since this was last asked.
    writes: u32,
    /// How many of the bytes that were taken the metrics know already.
    counted: u64,
}

/// How far a write got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing is left.
    Done,
    /// More is left and would be accepted, but others come first.
    Over,
}

/// The consumer of the queue's messages.
#[derive(Debug)]
pub(super) enum WayOut {
    Absent {
        /// In milliseconds of the node's life.
        since: u64,
    },
    Gone,
    Pulled {
        attachment: u32,
        waker: Option<Waker>,
        /// How many of the first entries were promised to the puller.
        claimed: usize,
        /// The puller has all that it wants, and its socket judges the client.
        is_left_to_socket: bool,
    },
    Socket {
        writer: SocketWriter,
        drain: Drain,
    },
}

/// Whether a task is writing what the byte stream refused.
#[derive(Debug)]
pub(super) enum Drain {
    Idle,
    Running { number: u32, waker: Option<Waker> },
}

impl WayOut {
    pub(super) fn socket(writer: SocketWriter) -> Self {
        let drain = Drain::Idle;
        Self::Socket { writer, drain }
    }

    pub(super) fn pulled(attachment: u32) -> Self {
        Self::Pulled {
            attachment,
            waker: None,
            claimed: 0,
            is_left_to_socket: false,
        }
    }

    /// Returns the waker of the drain or the body that has something to do, to be woken outside
    /// the lock.
    pub(super) fn take_waker(&mut self) -> Option<Waker> {
        match self {
            Self::Pulled { waker, .. }
            | Self::Socket {
                drain: Drain::Running { waker, .. },
                ..
            } => waker.take(),
            _ => None,
        }
    }

    /// Detaches the way out, and wakes the task that waits for it.
    pub(super) fn leave(mut self) -> Self {
        if let Some(waker) = self.take_waker() {
            waker.wake();
        }
        self
    }
}

impl State {
    pub(super) fn new(format: &'static FrameFormat, now: u64) -> Self {
        Self {
            queue: Queue::new(format),
            way_out: WayOut::Absent { since: now },
            last_number: 0,
            unflushed: 0,
            dirty: false,
            gathering: false,
            owner_waits: false,
            has_last: false,
            reached_maximum: false,
            refused_at_maximum: false,
            watch: Watch::default(),
            charge: Charge::default(),
            must_flush: false,
            writes: 0,
            counted: 0,
        }
    }

    /// Returns what was taken out since the last time.
    pub(super) fn take_traffic(&mut self) -> Traffic {
        let taken = self.queue.taken();
        let before = mem::replace(&mut self.counted, taken);
        Traffic {
            outbound_bytes: taken - before,
            outbound_messages: self.queue.take_message_count().into(),
            outbound_writes: mem::take(&mut self.writes).into(),
            ..Traffic::default()
        }
    }

    /// Counts a pull as a write.
    pub(super) fn note_pull(&mut self) {
        self.writes = self.writes.saturating_add(1);
    }

    /// Returns a number that distinguishes a way out or a drain from earlier ones.
    pub(super) fn next_number(&mut self) -> u32 {
        self.last_number = self.last_number.wrapping_add(1);
        self.last_number
    }

    /// Starts a drain, because the byte stream has begun to refuse bytes; returns the drain's
    /// number.
    pub(super) fn start_drain(&mut self) -> u32 {
        let number = self.next_number();
        self.queue.trim();
        if let WayOut::Socket { drain, .. } = &mut self.way_out {
            let waker = None;
            *drain = Drain::Running { number, waker };
        }
        number
    }

    /// Replaces the way out and returns the previous one; a queue that is gone stays gone and
    /// returns the new one.
    pub(super) fn attach(&mut self, way_out: WayOut) -> WayOut {
        if self.is_gone() {
            return way_out;
        }
        self.queue.rewind();
        self.reached_maximum = false;
        self.refused_at_maximum = false;
        self.watch = Watch::idle(self.queue.taken());
        self.must_flush = false;
        mem::replace(&mut self.way_out, way_out)
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.way_out, WayOut::Gone)
    }

    /// Returns whether the byte stream refuses bytes, which a task then drains.
    pub(super) fn is_draining(&self) -> bool {
        matches!(
            self.way_out,
            WayOut::Socket {
                drain: Drain::Running { .. },
                ..
            }
        )
    }

    /// Returns whether a newly queued message has to wait for others to take what is queued
    /// already.
    pub(super) fn is_stalled(&self) -> bool {
        match self.way_out {
            WayOut::Socket { .. } => self.is_draining(),
            // A puller that waits has taken everything, and the flusher will wake it.
            WayOut::Pulled { waker: Some(_), .. } => false,
            _ => !self.queue.is_empty(),
        }
    }

    /// Returns whether the client is busy: it refuses bytes, leaves them, or is absent.
    ///
    /// A puller that keeps up takes everything at once; `seconds` is the current second of the
    /// node's life, up to one too few.
    pub(super) fn is_busy(&self, seconds: u32) -> bool {
        match self.way_out {
            WayOut::Absent { .. } => true,
            WayOut::Gone => false,
            WayOut::Pulled { .. } => self.queue.oldest().is_some_and(|it| it + 1 < seconds),
            WayOut::Socket { .. } => self.is_draining(),
        }
    }

    /// Returns whether the first entry can still be changed.
    pub(super) fn head(&self) -> Head {
        match self.way_out {
            WayOut::Socket { .. } => Head::Offered,
            WayOut::Pulled { claimed, .. } => Head::Claimed(claimed),
            _ => Head::Changeable,
        }
    }

    /// Returns whether the flusher has anything to do here: to write, or to wake a puller.
    pub(super) fn is_flushable(&self) -> bool {
        match self.way_out {
            WayOut::Socket { .. } => !self.is_draining(),
            WayOut::Pulled { .. } => true,
            WayOut::Absent { .. } | WayOut::Gone => false,
        }
    }

    /// Returns whether the way out may refuse bytes that its client would take.
    pub(super) fn takes_in_advance(&self) -> bool {
        match &self.way_out {
            WayOut::Socket { writer, .. } => writer.takes_in_advance(),
            _ => false,
        }
    }

    fn is_told_what_arrives(&self) -> bool {
        match &self.way_out {
            WayOut::Socket { writer, .. } => writer.is_told_what_arrives(),
            _ => false,
        }
    }

    /// Records progress of the client: bytes were taken, or nothing is left.
    pub(super) fn note_progress(&mut self) {
        self.reached_maximum = false;
        self.refused_at_maximum = false;
        // If the system reports what arrives, an empty queue does not mean that anything has
        // arrived.
        if self.queue.is_empty() && !self.is_told_what_arrives() {
            self.watch.stop();
        }
    }

    /// Writes what the byte stream accepts at once, at most `turn` bytes; pending means that it
    /// began to refuse.
    pub(super) fn try_write(&mut self, turn: usize) -> Poll<io::Result<Turn>> {
        self.write_with(turn, SocketWriter::try_write, SocketWriter::try_flush)
    }

    /// Writes one turn; wakes the task when the byte stream accepts more.
    pub(super) fn poll_write(
        &mut self,
        turn: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Turn>> {
        let waker = cx.waker();
        self.write_with(
            turn,
            |writer, slices| writer.poll_write(&mut Context::from_waker(waker), slices),
            |writer| writer.poll_flush(&mut Context::from_waker(waker)),
        )
    }

    fn write_with(
        &mut self,
        turn: usize,
        mut write: impl FnMut(&mut SocketWriter, &[IoSlice<'_>]) -> Poll<io::Result<usize>>,
        flush: impl FnOnce(&mut SocketWriter) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<Turn>> {
        let WayOut::Socket { writer, .. } = &mut self.way_out else {
            return Poll::Ready(Ok(Turn::Done));
        };
        let mut left = turn.max(1);
        while !self.queue.is_empty() {
            if left == 0 {
                return Poll::Ready(Ok(Turn::Over));
            }
            let mut slices = [IoSlice::new(&[]); ENTRIES_PER_WRITE];
            let count = self.queue.fill(&mut slices, left);
            match ready!(write(writer, slices.get(..count).unwrap_or_default()))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => {
                    self.writes = self.writes.saturating_add(1);
                    self.queue.advance(written);
                    self.must_flush = writer.holds_bytes_back();
                    left = left.saturating_sub(written);
                }
            }
        }
        if self.must_flush {
            ready!(flush(writer))?;
            self.must_flush = false;
        }
        Poll::Ready(Ok(Turn::Done))
    }
}
