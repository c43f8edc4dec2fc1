//! A hub method's stream, whose type says no more than what its items are.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{HubStream, Returned, returned};

type Poller<S, T> = fn(Pin<&mut S>, &mut Context<'_>) -> Poll<Option<T>>;

pin_project! {
    /// What [`hub_stream`] returns.
    ///
    /// A type of its own, without bounds, so that the compiler tells of what is no stream only once: where it becomes
    /// one of these.
    pub struct SentStream<S, T> {
        #[pin]
        stream: S,
        poll: Poller<S, T>,
    }
}

/// The stream itself; fails to compile where it is none that can be sent.
pub fn hub_stream<S: HubStream>(stream: S) -> SentStream<S, S::Item> {
    SentStream {
        stream,
        poll: S::poll_next,
    }
}

/// The type of a stream's items.
pub const fn streamed_by<S, T>(_: &SentStream<S, T>) -> Returned<T> {
    returned()
}

impl<S, T> Stream for SentStream<S, T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        (this.poll)(this.stream, cx)
    }
}

impl<S, T> fmt::Debug for SentStream<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentStream").finish_non_exhaustive()
    }
}
