//! The buffers in which answers are gathered, a few kept by each thread.

use std::cell::RefCell;

const KEPT_BUFFERS: usize = 64;
const KEPT_CAPACITY: usize = super::GATHERED_SIZE;

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn take(size: usize) -> Vec<u8> {
    let kept = BUFFERS.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| Vec::with_capacity(size.max(512)))
}

pub(super) fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= KEPT_CAPACITY {
        buffer.clear();
        BUFFERS.with_borrow_mut(|kept| {
            if kept.len() < KEPT_BUFFERS {
                kept.push(buffer);
            }
        });
    }
}
