//! A buffer for encoding that each thread keeps.

use std::cell::Cell;

/// A buffer with a larger capacity is not kept.
const KEPT_CAPACITY: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends an empty buffer. It is taken, not borrowed, so nested use gets a buffer of its own.
pub(crate) fn with_scratch<R>(use_it: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = SCRATCH.take();
    buffer.clear();
    let result = use_it(&mut buffer);
    if buffer.capacity() <= KEPT_CAPACITY {
        SCRATCH.set(buffer);
    }
    result
}
