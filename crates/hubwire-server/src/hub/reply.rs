//! What a hub makes of a call: a run that has not begun, and hands its result on encoded.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Context, Poll};

use futures_core::future::BoxFuture;
#[cfg(any(test, feature = "testing"))]
use hubwire_protocol::RawItem;
use hubwire_protocol::{EncodeError, HubProtocol, Naming};
use pin_project_lite::pin_project;
use serde::Serialize;

use super::success::Success;
use super::{AnyResult, HubError, IntoHubError, StreamEnd, StreamSink};
use crate::node::Guarded;

/// What a hub makes of a call: a run of the method that has not begun, or that there is none.
///
/// Owns everything it needs. The run serializes its result itself, so that no result is ever boxed. One
/// that is dropped before its first poll has used nothing up: the call may be bound again.
pub struct Reply(pub(crate) ReplyKind);

pub(crate) enum ReplyKind {
    Call(Guarded<Pin<Box<dyn CallFuture>>>),
    Stream(Guarded<StartStream>),
    UnknownMethod,
}

/// Begins a stream into the sink that it is given.
pub(crate) type StartStream = Box<dyn FnOnce(StreamSink) -> BoxFuture<'static, StreamEnd> + Send>;

impl Reply {
    /// No method has this index.
    #[must_use]
    pub fn unknown_method() -> Self {
        Self(ReplyKind::UnknownMethod)
    }

    /// A run that cannot fail, but by a panic, which is hidden from the caller; the result `()` is null on the wire.
    pub fn value<F, T>(call: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
        T: Serialize,
    {
        Self::call(ValueCall { future: call })
    }

    /// A run that may fail.
    pub fn fallible<F, T, E>(call: F) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize,
        HubError: From<E>,
    {
        Self::call(FallibleCall::new(call))
    }

    /// A run whose result is a stream: it is given the sink into which its items go.
    ///
    /// The stream lives inside the run, and so may borrow whatever the run owns.
    pub fn stream<R, F>(run: R) -> Self
    where
        R: FnOnce(StreamSink) -> F + Send + 'static,
        F: Future<Output = StreamEnd> + Send + 'static,
    {
        let start: StartStream = Box::new(move |sink| Box::pin(run(sink)));
        Self(ReplyKind::Stream(Guarded::new(start)))
    }

    pub(super) fn call(call: impl CallFuture + 'static) -> Self {
        Self(ReplyKind::Call(Guarded::new(Box::pin(call))))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ReplyKind::Call(_) => "Reply::Call",
            ReplyKind::Stream(_) => "Reply::Stream",
            ReplyKind::UnknownMethod => "Reply::UnknownMethod",
        })
    }
}

/// Where the result of a run goes, encoded.
#[derive(Debug)]
pub(crate) struct ResultWriter<'a> {
    protocol: HubProtocol,
    naming: Naming,
    to: ResultPlace<'a>,
}

#[derive(Debug)]
enum ResultPlace<'a> {
    /// Straight into the completion of an invocation; one without an id has none.
    Completion(Option<&'a str>, &'a mut Vec<u8>),
    /// To whoever looks at it before it is sent.
    #[cfg(any(test, feature = "testing"))]
    Kept(&'a mut Option<RawItem<'static>>),
}

impl<'a> ResultWriter<'a> {
    pub(crate) fn completion(
        protocol: HubProtocol,
        naming: Naming,
        invocation_id: Option<&'a str>,
        output: &'a mut Vec<u8>,
    ) -> Self {
        let to = ResultPlace::Completion(invocation_id, output);
        Self {
            protocol,
            naming,
            to,
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn kept(
        protocol: HubProtocol,
        naming: Naming,
        result: &'a mut Option<RawItem<'static>>,
    ) -> Self {
        let to = ResultPlace::Kept(result);
        Self {
            protocol,
            naming,
            to,
        }
    }

    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let (protocol, naming, value) = (self.protocol, self.naming, &Success(value));
        match &mut self.to {
            ResultPlace::Completion(None, _) => Ok(()),
            ResultPlace::Completion(Some(id), output) => protocol
                .writer(output)
                .with_naming(naming)
                .completion_result(id, value),
            #[cfg(any(test, feature = "testing"))]
            ResultPlace::Kept(result) => {
                **result = Some(RawItem::encode(protocol, naming, value)?);
                Ok(())
            }
        }
    }
}

/// A run of a method that hands its result on encoded.
pub(crate) trait CallFuture: Send {
    fn poll_call(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        result: &mut ResultWriter<'_>,
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
        result: &mut ResultWriter<'_>,
    ) -> Poll<Result<(), HubError>> {
        let value = task::ready!(self.project().future.poll(cx));
        Poll::Ready(result.write(&value).map_err(Into::into))
    }
}

pin_project! {
    pub(super) struct FallibleCall<F> {
        #[pin]
        future: F,
    }
}

impl<F> FallibleCall<F> {
    pub(super) fn new(future: F) -> Self {
        Self { future }
    }
}

impl<F> CallFuture for FallibleCall<F>
where
    F: Future<Output: AnyResult<Value: Serialize, Error: IntoHubError>> + Send,
{
    fn poll_call(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        result: &mut ResultWriter<'_>,
    ) -> Poll<Result<(), HubError>> {
        let returned = task::ready!(self.project().future.poll(cx));
        Poll::Ready(match returned.into_result() {
            Ok(value) => result.write(&value).map_err(Into::into),
            Err(error) => Err(error.into_hub_error()),
        })
    }
}
