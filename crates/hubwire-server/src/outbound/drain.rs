//! The task that lives only while a byte stream refuses bytes.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::state::{Drain, WayOut};
use super::{Failure, Outbound};

impl Outbound {
    /// Writes on for as long as the byte stream takes something within the send timeout.
    pub(super) async fn drain(self: Arc<Self>) {
        loop {
            let progress = std::future::poll_fn(|cx| self.poll_drain(cx));
            match tokio::time::timeout(self.bounds.send_timeout, progress).await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return,
                Err(_) => return self.fail(Failure::TooSlow),
            }
        }
    }

    /// Ready when something was written, or when there is nothing left to do.
    fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<ControlFlow<()>> {
        let mut state = self.lock();
        let WayOut::Socket {
            drain: Drain::Running(waker),
            ..
        } = &mut state.way_out
        else {
            return Poll::Ready(ControlFlow::Break(()));
        };
        *waker = Some(cx.waker().clone());
        let before = state.queue.bytes();
        let written = state.poll_write(cx);
        if written.is_pending() && state.queue.bytes() == before {
            state.refused_at_bound = state.reached_bound;
            return Poll::Pending;
        }
        state.reached_bound = false;
        state.refused_at_bound = false;
        if written.is_ready()
            && let WayOut::Socket { drain, .. } = &mut state.way_out
        {
            *drain = Drain::Idle;
        }
        let has_room = state.queue.bytes() < self.bounds.bytes;
        drop(state);
        if has_room {
            self.room.notify_one();
        }
        Poll::Ready(match written {
            Poll::Pending => {
                self.owner.wake();
                ControlFlow::Continue(())
            }
            Poll::Ready(Ok(())) => {
                self.owner.wake();
                ControlFlow::Break(())
            }
            Poll::Ready(Err(_)) => {
                self.lose();
                ControlFlow::Break(())
            }
        })
    }
}
