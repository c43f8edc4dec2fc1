//! The waker of whoever waits, where one does at a time.

use std::task::{Context, Waker};

/// Keeps the waker of whoever waits now; the one before is to be dropped without the lock.
pub(crate) fn replace_waker(kept: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match kept {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => kept.replace(cx.waker().clone()),
    }
}
