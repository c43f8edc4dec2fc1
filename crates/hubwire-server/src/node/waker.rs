//! The stored waker of a single waiting task.

use std::task::{Context, Waker};

/// Stores the waker of the waiting task; the caller must drop the returned previous waker outside
/// the lock.
pub(crate) fn replace_waker(kept: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match kept {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => kept.replace(cx.waker().clone()),
    }
}
