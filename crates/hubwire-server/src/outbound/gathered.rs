//! Hub messages of the session's own that lie in one buffer, a few buffers kept by each thread.

use std::cell::RefCell;

use hubwire_core::FrameFormat;
use hubwire_protocol::TransferFormat;

/// Messages are gathered in one buffer up to this size.
const GATHERED_SIZE: usize = 16 * 1024;

const KEPT_BUFFERS: usize = 64;

thread_local! {
    #[expect(clippy::vec_box, reason = "the boxes are what is kept")]
    static BUFFERS: RefCell<Vec<Box<Gathered>>> = const { RefCell::new(Vec::new()) };
}

/// Framed hub messages behind each other, and where each ends.
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

    /// Gives a buffer back to its thread, unless one long message has made it large.
    pub(super) fn give_back(mut self: Box<Self>) {
        if self.bytes.capacity() > GATHERED_SIZE {
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

    /// Where the message begins that the byte at `position` belongs to.
    pub(super) fn start_of_message(&self, position: usize) -> usize {
        let before = self.ends.iter().rev().find(|end| **end <= position);
        before.copied().unwrap_or(0)
    }
}
