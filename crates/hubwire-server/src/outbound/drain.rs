//! The task that exists only while a byte stream refuses bytes.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::state::{Drain, Turn, WayOut};
use super::{Failure, Outbound};
use crate::node::{guarded, replace_waker};

impl Outbound {
    /// Continues to write until nothing is left; the sweep checks that the client accepts bytes.
    ///
    /// Ends as soon as another drain, or nothing, is to write: `number` identifies this drain.
    pub(super) async fn drain(self: Arc<Self>, number: u32) {
        while poll_fn(|cx| self.poll_drain_guarded(number, cx))
            .await
            .is_continue()
        {
            tokio::task::yield_now().await;
        }
    }

    fn poll_drain_guarded(
        self: &Arc<Self>,
        number: u32,
        cx: &mut Context<'_>,
    ) -> Poll<ControlFlow<()>> {
        guarded(|| self.poll_drain(number, cx)).unwrap_or_else(|panic| {
            self.panicked(&panic);
            Poll::Ready(ControlFlow::Break(()))
        })
    }

    /// Returns `Ready` when something was written, or when there is nothing left to do.
    fn poll_drain(self: &Arc<Self>, number: u32, cx: &mut Context<'_>) -> Poll<ControlFlow<()>> {
        let mut state = self.lock();
        let replaced = match &mut state.way_out {
            WayOut::Socket {
                drain:
                    Drain::Running {
                        number: mine,
                        waker,
                    },
                ..
            } if *mine == number => replace_waker(waker, cx),
            _ => return Poll::Ready(ControlFlow::Break(())),
        };
        let before = state.queue.bytes();
        let written = state.poll_write(self.bounds.turn, cx);
        self.settle(&mut state);
        let now = state.queue.bytes();
        if written.is_pending() && now == before {
            state.refused_at_maximum = state.reached_maximum && !state.takes_in_advance();
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        state.note_progress();
        let is_over = !matches!(written, Poll::Pending | Poll::Ready(Ok(Turn::Over)));
        if is_over && let WayOut::Socket { drain, .. } = &mut state.way_out {
            *drain = Drain::Idle;
        }
        drop(state);
        self.tell_of_room(before, now);
        match written {
            Poll::Ready(Err(_)) => self.fail(Failure::Lost),
            Poll::Ready(Ok(Turn::Over)) => {
                self.node.limits().outbound_turn.count();
                self.owner.wake();
            }
            _ => self.owner.wake(),
        }
        Poll::Ready(match is_over {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    }
}
