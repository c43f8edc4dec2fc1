//! Yielding to other tasks while the task stays with its worker.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;

/// Yields to other tasks; the waker is called at once.
pub(crate) async fn wake_oneself() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
