//! A stream that a test reads while the method produces its items.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use serde::de::DeserializeOwned;

use super::test_caller::failed;
use super::{CallError, Recorder};
use crate::dispatch::refusals::{self, STREAM_BROKE_OFF};
use crate::hub::{
    KeptItems, Resources, StartStream, StreamControl, StreamEnd, StreamFailure, StreamSink,
};
use crate::node::ErrorDetail;

/// The items of a streaming method that a [`HubTester`](super::HubTester) has called, as values of
/// this type.
///
/// It ends when the method's stream ends or fails. The method runs while the test waits for an
/// item, and is at most one item ahead. Dropping this value cancels the stream and drops the method
/// at its current `await`. After [`ItemStream::cancel`], a method that takes a
/// [`CancellationToken`](tokio_util::sync::CancellationToken) can finish.
pub struct ItemStream<T> {
    method: String,
    run: Run,
    items: Arc<KeptItems>,
    control: Arc<StreamControl>,
    recorder: Recorder,
    of_type: PhantomData<fn() -> T>,
}

enum Run {
    Running(BoxFuture<'static, StreamEnd>),
    /// With the error that has not been returned yet.
    Ended(Option<StreamFailure>),
}

impl<T: DeserializeOwned> ItemStream<T> {
    pub(super) fn begin(
        method: String,
        start: StartStream,
        resources: &Resources,
        recorder: Recorder,
    ) -> Self {
        recorder.forget_unscripted();
        let items = Arc::new(KeptItems::new(recorder.naming()));
        let control = Arc::new(StreamControl::new(resources.token().cloned()));
        let sink = StreamSink::kept(Arc::clone(&items), Arc::clone(&control));
        Self {
            method,
            run: Run::Running(start(sink)),
            items,
            control,
            recorder,
            of_type: PhantomData,
        }
    }

    /// Returns the next item, or `None` at the stream's end.
    ///
    /// # Cancellation
    ///
    /// No item is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns the error that the hub ended the stream with, or an error if the item has another
    /// type.
    pub async fn next_item(&mut self) -> Result<Option<T>, CallError> {
        poll_fn(|cx| self.poll_item(cx)).await.transpose()
    }

    /// Cancels the stream. No further item is returned.
    ///
    /// A method that takes a token is notified and continues while [`ItemStream::next_item`] waits
    /// for its end. Any other method is dropped.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use hubwire::testing::HubTester;
    /// use hubwire::{CancellationToken, Stream, hub};
    ///
    /// struct TickHub;
    ///
    /// #[hub]
    /// impl TickHub {
    ///     pub fn ticks(&self, cancel: CancellationToken) -> impl Stream<Item = u32> {
    ///         stream::iter(0..).take_until(cancel.cancelled_owned())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), hubwire::testing::CallError> {
    /// let tester = HubTester::new(TickHub);
    /// let mut ticks = tester.caller("ann").stream_as::<u32>("Ticks", ()).await?;
    /// assert_eq!(ticks.next_item().await?, Some(0));
    /// ticks.cancel();
    /// assert_eq!(ticks.next_item().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&mut self) {
        self.control.cancel(None);
        self.items.take();
        if self.control.is_dropped_when_cancelled() {
            self.run = Run::Ended(None);
        }
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, CallError>>> {
        if let Some(item) = self.items.take() {
            return Poll::Ready(Some(CallError::decoded(&item)));
        }
        if let Run::Running(run) = &mut self.run {
            match run.as_mut().poll(cx) {
                Poll::Ready(StreamEnd(end)) => self.run = Run::Ended(end.err()),
                Poll::Pending => {
                    let item = self.items.poll_item(cx);
                    return item.map(|item| Some(CallError::decoded(&item)));
                }
            }
        }
        if let Some(item) = self.items.take() {
            return Poll::Ready(Some(CallError::decoded(&item)));
        }
        Poll::Ready(match std::mem::replace(&mut self.run, Run::Ended(None)) {
            Run::Ended(Some(failure)) if !self.control.is_cancelled() => {
                Some(Err(self.failed(failure)))
            }
            _ => None,
        })
    }

    fn failed(&self, failure: StreamFailure) -> CallError {
        let error = match failure {
            StreamFailure::Invoking(error) => failed(&self.method, error),
            StreamFailure::Streaming(error) => {
                let text = error.client_text(STREAM_BROKE_OFF, ErrorDetail::Hidden);
                CallError::failed(text, error.into_cause())
            }
            StreamFailure::NoStream => CallError::new(refusals::no_stream(&self.method)),
        };
        error.for_want_of(self.recorder.unscripted())
    }
}

impl<T: DeserializeOwned> Stream for ItemStream<T> {
    type Item = Result<T, CallError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

impl<T> Drop for ItemStream<T> {
    fn drop(&mut self) {
        self.control.cancel(None);
    }
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
