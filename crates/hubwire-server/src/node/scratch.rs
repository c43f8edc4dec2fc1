//! The buffer that a thread lends to whoever encodes on it.

use std::cell::Cell;

/// A buffer that grew beyond this is not kept.
const KEPT_CAPACITY: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
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
