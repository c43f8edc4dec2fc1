//! Buffers that a thread lends to whoever encodes or reads on it.

use std::cell::Cell;

/// A buffer that grew beyond this is not kept.
const KEPT_CAPACITY: usize = 64 * 1024;

/// How many bytes one read takes from a socket at most.
const READ_SIZE: usize = 32 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static READ_BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Lends an empty buffer; it is taken, not borrowed, so that nested use gets one of its own.
pub(crate) fn with_scratch<R>(use_it: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = SCRATCH.take();
    buffer.clear();
    let result = use_it(&mut buffer);
    if buffer.capacity() <= KEPT_CAPACITY {
        SCRATCH.set(buffer);
    }
    result
}

/// The thread's read buffer, given back on drop.
#[derive(Debug)]
pub(crate) struct ReadBuffer {
    bytes: Option<Box<[u8]>>,
}

impl ReadBuffer {
    pub(crate) fn take() -> Self {
        let kept = READ_BUFFER.take();
        Self {
            bytes: Some(kept.unwrap_or_else(|| vec![0; READ_SIZE].into_boxed_slice())),
        }
    }

    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        self.bytes.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for ReadBuffer {
    fn drop(&mut self) {
        READ_BUFFER.set(self.bytes.take());
    }
}
