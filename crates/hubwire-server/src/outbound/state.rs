//! What is under the queue's lock.

use std::io::{self, IoSlice};
use std::mem;
use std::task::{Context, Poll, Waker, ready};

use hubwire_core::FrameFormat;

use super::SocketWriter;
use super::memory::Charge;
use super::progress::Watch;
use super::queue::Queue;

/// How many entries of the queue one write takes at most.
const ENTRIES_PER_WRITE: usize = 64;

#[derive(Debug)]
pub(super) struct State {
    pub(super) queue: Queue,
    pub(super) way_out: WayOut,
    /// How many ways out and drains there were.
    last_number: u32,
    /// Bytes queued since the flusher last offered a write.
    pub(super) unflushed: usize,
    /// Whether the flusher has it on its list.
    pub(super) dirty: bool,
    /// While the session gathers messages it also writes them, so nobody else needs to.
    pub(super) gathering: bool,
    pub(super) owner_waits: bool,
    /// A message was queued beyond the maximum, and nothing was tried since.
    pub(super) reached_maximum: bool,
    /// The byte stream refused bytes since then.
    pub(super) refused_at_maximum: bool,
    pub(super) watch: Watch,
    /// What the queue counts towards what the node may hold.
    pub(super) charge: Charge,
    /// Bytes are with the byte stream that it may hold back until it is flushed.
    must_flush: bool,
}

/// How far a write came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing is left.
    Done,
    /// More is left, and would be taken, but others come first.
    Over,
}

/// What takes messages out of the queue.
#[derive(Debug)]
pub(super) enum WayOut {
    Absent,
    Gone,
    Pulled {
        attachment: u32,
        waker: Option<Waker>,
    },
    Socket {
        writer: SocketWriter,
        drain: Drain,
    },
}

/// Whether a task writes what the byte stream refused.
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
        let waker = None;
        Self::Pulled { attachment, waker }
    }

    /// Whom to wake, without the lock, because there is something to do: a drain, a body.
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

    /// Lets go of it, and lets whoever waits for it know.
    pub(super) fn leave(mut self) -> Self {
        if let Some(waker) = self.take_waker() {
            waker.wake();
        }
        self
    }
}

impl State {
    pub(super) fn new(format: &'static FrameFormat) -> Self {
        Self {
            queue: Queue::new(format),
            way_out: WayOut::Absent,
            last_number: 0,
            unflushed: 0,
            dirty: false,
            gathering: false,
            owner_waits: false,
            reached_maximum: false,
            refused_at_maximum: false,
            watch: Watch::default(),
            charge: Charge::default(),
            must_flush: false,
        }
    }

    /// Tells a way out or a drain from those before it.
    pub(super) fn next_number(&mut self) -> u32 {
        self.last_number = self.last_number.wrapping_add(1);
        self.last_number
    }

    /// The byte stream has begun to refuse bytes: the number of the drain that is needed.
    pub(super) fn start_drain(&mut self) -> u32 {
        let number = self.next_number();
        self.queue.trim();
        if let WayOut::Socket { drain, .. } = &mut self.way_out {
            let waker = None;
            *drain = Drain::Running { number, waker };
        }
        number
    }

    /// Puts a way out in the place of another, which is returned; one that is gone stays so.
    pub(super) fn attach(&mut self, way_out: WayOut) -> WayOut {
        if self.is_gone() {
            return way_out;
        }
        self.queue.rewind();
        self.reached_maximum = false;
        self.refused_at_maximum = false;
        self.watch = Watch::default();
        self.must_flush = false;
        mem::replace(&mut self.way_out, way_out)
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.way_out, WayOut::Gone)
    }

    /// Whether the byte stream refuses bytes, which a task drains.
    pub(super) fn is_draining(&self) -> bool {
        matches!(
            self.way_out,
            WayOut::Socket {
                drain: Drain::Running { .. },
                ..
            }
        )
    }

    /// Whether what is queued now waits for somebody else to take what is there already.
    pub(super) fn is_stalled(&self) -> bool {
        match self.way_out {
            WayOut::Socket { .. } => self.is_draining(),
            // One that waits has taken all there was, and the flusher will wake it.
            WayOut::Pulled { waker: Some(_), .. } => false,
            _ => !self.queue.is_empty(),
        }
    }

    /// Whether the flusher has anything to do here: to write, or to wake who pulls.
    pub(super) fn is_flushable(&self) -> bool {
        match self.way_out {
            WayOut::Socket { .. } => !self.is_draining(),
            WayOut::Pulled { .. } => true,
            WayOut::Absent | WayOut::Gone => false,
        }
    }

    fn is_told_what_arrives(&self) -> bool {
        match &self.way_out {
            WayOut::Socket { writer, .. } => writer.is_told_what_arrives(),
            _ => false,
        }
    }

    /// What was taken, or that nothing is left, counts for the client.
    pub(super) fn note_progress(&mut self) {
        self.reached_maximum = false;
        self.refused_at_maximum = false;
        // Where the system tells what arrives, that the queue is empty does not say that anything has.
        if self.queue.is_empty() && !self.is_told_what_arrives() {
            self.watch = Watch::default();
        }
    }

    /// Writes what the byte stream takes at once, `turn` bytes at most; pending means that it began to refuse.
    pub(super) fn try_write(&mut self, turn: usize) -> Poll<io::Result<Turn>> {
        self.write_with(turn, SocketWriter::try_write, SocketWriter::try_flush)
    }

    /// Writes one turn, waking when the byte stream takes more.
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
