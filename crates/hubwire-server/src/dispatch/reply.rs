//! What a hub answers to a call: a run that writes its own result.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Context, Poll};

use futures_core::future::BoxFuture;
use hubwire_protocol::BindError;
use pin_project_lite::pin_project;
use serde::Serialize;

use super::{CompletionWriter, StreamEnd, StreamSink};
use crate::hub::HubError;

/// A hub's answer to a call: either a run of the method that has not begun, or why there is none.
///
/// Owns everything it needs. The run serializes its result itself, so that no result is ever boxed.
pub struct Reply(pub(crate) ReplyKind);

pub(crate) enum ReplyKind {
    Call(Pin<Box<dyn CallFuture>>),
    Rejected(BindError),
    Stream(StartStream),
    UnknownMethod,
}

/// Begins a stream into the sink that it is given.
pub(crate) type StartStream = Box<dyn FnOnce(StreamSink) -> BoxFuture<'static, StreamEnd> + Send>;

impl Reply {
    /// The arguments did not fit the method.
    #[must_use]
    pub fn rejected(error: BindError) -> Self {
        Self(ReplyKind::Rejected(error))
    }

    /// No method has this index.
    #[must_use]
    pub fn unknown_method() -> Self {
        Self(ReplyKind::UnknownMethod)
    }

    /// A run that cannot fail; `()` is answered as null.
    pub fn value<F, T>(call: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
        T: Serialize,
    {
        Self(ReplyKind::Call(Box::pin(ValueCall { future: call })))
    }

    /// A run that may fail.
    pub fn fallible<F, T, E>(call: F) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize,
        HubError: From<E>,
    {
        Self(ReplyKind::Call(Box::pin(FallibleCall { future: call })))
    }

    /// A run that answers with a stream: it is given the sink into which its items go.
    ///
    /// The stream lives inside the run, and so may borrow whatever the run owns.
    pub fn stream<R, F>(run: R) -> Self
    where
        R: FnOnce(StreamSink) -> F + Send + 'static,
        F: Future<Output = StreamEnd> + Send + 'static,
    {
        Self(ReplyKind::Stream(Box::new(move |sink| Box::pin(run(sink)))))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ReplyKind::Call(_) => "Reply::Call",
            ReplyKind::Rejected(_) => "Reply::Rejected",
            ReplyKind::Stream(_) => "Reply::Stream",
            ReplyKind::UnknownMethod => "Reply::UnknownMethod",
        })
    }
}

/// A run of a method that leaves its result in a completion.
pub(crate) trait CallFuture: Send {
    fn poll_call(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        completion: &mut CompletionWriter<'_>,
    ) -> Poll<Result<(), HubError>>;
}

pin_project! {
    struct ValueCall<F> {
        #[pin]
        future: F,
    }
}

impl<F> CallFuture for ValueCall<F>
where
    F: Future<Output: Serialize> + Send,
{
    fn poll_call(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        completion: &mut CompletionWriter<'_>,
    ) -> Poll<Result<(), HubError>> {
        let value = task::ready!(self.project().future.poll(cx));
        Poll::Ready(completion.result(&value).map_err(Into::into))
    }
}

pin_project! {
    struct FallibleCall<F> {
        #[pin]
        future: F,
    }
}

impl<F, T, E> CallFuture for FallibleCall<F>
where
    F: Future<Output = Result<T, E>> + Send,
    T: Serialize,
    HubError: From<E>,
{
    fn poll_call(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        completion: &mut CompletionWriter<'_>,
    ) -> Poll<Result<(), HubError>> {
        Poll::Ready(match task::ready!(self.project().future.poll(cx)) {
            Ok(value) => completion.result(&value).map_err(Into::into),
            Err(error) => Err(error.into()),
        })
    }
}
