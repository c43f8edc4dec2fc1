//! What is under the queue's lock.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;

use super::{Added, GATHERED_SIZE, Outcome, Push, gathered};
use crate::transport::SocketWriter;

/// How many frames one write takes at most.
const FRAMES_PER_WRITE: usize = 64;

/// At rest a queue keeps room for this many frames.
const KEPT_FRAMES: usize = 4;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) socket: Option<SocketWriter>,
    frames: VecDeque<Frame>,
    head_written: usize,
    pub(super) bytes: usize,
    /// Bytes queued since the socket was last offered a write.
    pub(super) unflushed: usize,
    pub(super) finished: bool,
    /// Whether the flusher has it on its list.
    pub(super) dirty: bool,
    /// While the reader gathers answers it also writes them, so nobody else needs to.
    pub(super) gathering: bool,
    pub(super) drain: Drain,
    pub(super) reader_waits: bool,
    /// A frame for many was queued beyond the bound, and the drain has not tried since.
    pub(super) reached_bound: bool,
    /// The socket refused bytes since then.
    pub(super) refused_at_bound: bool,
}

#[derive(Debug, Default)]
pub(super) enum Drain {
    #[default]
    Idle,
    Running(Option<Waker>),
}

#[derive(Debug)]
enum Frame {
    Gathered(Vec<u8>),
    Shared(Bytes),
}

impl Frame {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Gathered(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl State {
    pub(super) fn new(socket: Option<SocketWriter>) -> Self {
        Self {
            socket,
            ..Self::default()
        }
    }

    pub(super) fn take_drain_waker(&mut self) -> Option<Waker> {
        match &mut self.drain {
            Drain::Running(waker) => waker.take(),
            Drain::Idle => None,
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(self.drain, Drain::Running(_))
    }

    pub(super) fn push(&mut self, frame: Bytes) -> Push {
        if self.finished {
            return Push::Gone;
        }
        self.bytes += frame.len();
        let unflushed = if self.is_refused() { 0 } else { frame.len() };
        self.unflushed += unflushed;
        self.frames.push_back(Frame::Shared(frame));
        let newly_dirty = !self.dirty && !self.gathering && !self.is_refused();
        self.dirty |= newly_dirty;
        Push::Queued(Added {
            at_bound: false,
            newly_dirty,
            unflushed,
        })
    }

    /// Appends to the last frame if that is a buffer of answers too.
    pub(super) fn gather(&mut self, header: &[u8], payload: &[u8]) {
        let size = header.len() + payload.len();
        self.bytes += size;
        match self.frames.back_mut() {
            Some(Frame::Gathered(buffer)) if buffer.len() + size <= GATHERED_SIZE => {
                buffer.extend_from_slice(header);
                buffer.extend_from_slice(payload);
            }
            _ => {
                let mut buffer = gathered::take(size);
                buffer.extend_from_slice(header);
                buffer.extend_from_slice(payload);
                self.frames.push_back(Frame::Gathered(buffer));
            }
        }
    }

    pub(super) fn offer_all(&mut self, limit: usize) -> Outcome {
        if self.is_refused() {
            return Outcome::Empty;
        }
        match self.write_with(SocketWriter::try_write) {
            Poll::Ready(Err(_)) => {
                self.clear();
                Outcome::Failed
            }
            Poll::Ready(Ok(())) if mem::take(&mut self.reader_waits) && self.bytes < limit => {
                Outcome::Room
            }
            Poll::Ready(Ok(())) => Outcome::Empty,
            Poll::Pending => {
                self.drain = Drain::Running(None);
                Outcome::Refused
            }
        }
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(|socket, slices| socket.poll_write(cx, slices))
    }

    fn write_with(
        &mut self,
        mut write: impl FnMut(&mut SocketWriter, &[IoSlice<'_>]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        while !self.frames.is_empty() {
            let Some(socket) = &mut self.socket else {
                self.clear();
                break;
            };
            let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
            let count = self.frames.len().min(FRAMES_PER_WRITE);
            for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                *slice = IoSlice::new(frame.bytes());
            }
            let mut slices = &mut slices[..count];
            IoSlice::advance_slices(&mut slices, self.head_written);
            match ready!(write(socket, slices))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn written(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
        self.head_written += count;
        while let Some(head) = self.frames.front() {
            let length = head.bytes().len();
            if self.head_written < length {
                return;
            }
            self.head_written -= length;
            if let Some(Frame::Gathered(buffer)) = self.frames.pop_front() {
                gathered::give_back(buffer);
            }
        }
        if self.frames.capacity() > 4 * KEPT_FRAMES {
            self.frames.shrink_to(KEPT_FRAMES);
        }
    }

    pub(super) fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.head_written = 0;
        self.bytes = 0;
    }
}
