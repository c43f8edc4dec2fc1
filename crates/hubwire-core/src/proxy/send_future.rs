//! The future of a call of client methods by name.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use super::{Proxy, Reach};
use crate::{SendError, Sending};

/// The future that [`Proxy::send`] returns.
///
/// It is a type of its own, without bounds, because then the compiler reports arguments that
/// cannot be sent only once. With an `async fn` it reports them where the function is called, and
/// again where it is awaited.
#[must_use = "nothing is sent before it is polled"]
pub struct SendFuture<'a, R: Reach, A> {
    proxy: &'a Proxy<R>,
    method: &'a str,
    arguments: Option<A>,
    start: fn(&Proxy<R>, &str, &A) -> Sending,
    waiting: Option<BoxFuture<'static, Result<(), SendError>>>,
}

impl<'a, R: Reach, A> SendFuture<'a, R, A> {
    pub(super) fn new(
        proxy: &'a Proxy<R>,
        method: &'a str,
        arguments: A,
        start: fn(&Proxy<R>, &str, &A) -> Sending,
    ) -> Self {
        Self {
            proxy,
            method,
            arguments: Some(arguments),
            start,
            waiting: None,
        }
    }
}

/// Arguments are never pinned.
impl<R: Reach, A> Unpin for SendFuture<'_, R, A> {}

impl<R: Reach, A> Future for SendFuture<'_, R, A> {
    type Output = Result<(), SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(arguments) = this.arguments.take() {
            match (this.start)(this.proxy, this.method, &arguments) {
                Sending::Done(result) => return Poll::Ready(result),
                Sending::Waiting(rest) => this.waiting = Some(rest),
            }
        }
        match &mut this.waiting {
            Some(waiting) => waiting.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<R: Reach, A> fmt::Debug for SendFuture<'_, R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFuture")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
