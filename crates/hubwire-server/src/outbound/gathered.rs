//! Hub messages of the session's own, gathered in one buffer; each thread keeps a few buffers.

use std::cell::RefCell;

use hubwire_core::FrameFormat;
use hubwire_protocol::TransferFormat;

/// Messages are gathered in one buffer up to this size, not counting their frames.
const GATHERED_SIZE: usize = 16 * 1024;

/// A buffer that has grown beyond this is not kept.
const KEPT_CAPACITY: usize = 2 * GATHERED_SIZE;

const KEPT_BUFFERS: usize = 64;

thread_local! {
    #[expect(clippy::vec_box, reason = "the boxes themselves are reused")]
    static BUFFERS: RefCell<Vec<Box<Gathered>>> = const { RefCell::new(Vec::new()) };
}

/// Framed hub messages one after another, and the end of each.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Gathered {
    pub(super) fn take() -> Box<Self> {
        let kept = BUFFERS.with_borrow_mut(Vec::pop);
        kept.unwrap_or_default()
    }

    /// Returns a buffer to its thread.
    pub(super) fn give_back(mut self: Box<Self>) {
        if self.bytes.capacity() > KEPT_CAPACITY {
            return;
        }
        self.bytes.clear();
        self.ends.clear();
        BUFFERS.with_borrow_mut(|kept| {
            if kept.len() < KEPT_BUFFERS {
                kept.push(self);
            }
        });
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    /// Frees unused capacity of the buffer.
    pub(super) fn trim(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    pub(super) fn has_room(&self, size: usize) -> bool {
        self.bytes.len() + size <= GATHERED_SIZE
    }

    /// Appends a message; returns how many bytes that took.
    pub(super) fn append(
        &mut self,
        format: &'static FrameFormat,
        transfer_format: TransferFormat,
        message: &[u8],
    ) -> usize {
        let before = self.bytes.len();
        format.frame(transfer_format, message, &mut self.bytes);
        self.ends.push(self.bytes.len());
        self.bytes.len() - before
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn messages(&self) -> usize {
        self.ends.len()
    }

    /// Drops the messages that end within the first `written` bytes; returns their number and size
    /// in bytes.
    pub(super) fn drop_written(&mut self, written: usize) -> (usize, usize) {
        let whole = self.ends.partition_point(|end| *end <= written);
        let start = self.ends.drain(..whole).next_back().unwrap_or(0);
        self.bytes.drain(..start);
        for end in &mut self.ends {
            *end -= start;
        }
        (whole, start)
    }
}
