//! The stream of a hub method, in a type that depends only on the stream's items.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{HubStream, Returned, returned};

type Poller<S, T> = fn(Pin<&mut S>, &mut Context<'_>) -> Poll<Option<T>>;

pin_project! {
    /// The type that [`hub_stream`] returns.
    ///
    /// It has no bounds, so the compiler reports a type that is not a stream only once: where it is
    /// converted to this type.
    pub struct SentStream<S, T> {
        #[pin]
        stream: S,
        poll: Poller<S, T>,
    }
}

/// Wraps a stream. Fails to compile if the value is not a stream that can be sent.
pub fn hub_stream<S: HubStream>(stream: S) -> SentStream<S, S::Item> {
    SentStream {
        stream,
        poll: S::poll_next,
    }
}

/// Returns the type of a stream's items.
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
