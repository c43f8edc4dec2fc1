//! A running stream to the client: how it is polled, and its single completion.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::future::BoxFuture;
use hubwire_protocol::Excerpt;
use tokio::time::{Instant, Sleep};

use super::refusals::{self, FailedCall};
use super::running::Ended;
use crate::connection::Connection;
use crate::hub::{
    CallOutcome, HubError, HubRuntime, Place, StreamControl, StreamEnd, StreamFailure, span,
};
use crate::node::{Guarded, InSpan, Panic, with_scratch};

/// A running stream to the client, with its single completion.
pub(crate) struct RunningStream {
    pub(crate) hub: Arc<HubRuntime>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) invocation_id: Arc<str>,
    pub(crate) method: usize,
    pub(crate) begun: Instant,
    pub(crate) is_over: bool,
    pub(crate) control: Arc<StreamControl>,
    pub(crate) run: InSpan<BoxFuture<'static, StreamEnd>>,
    /// The time until which the stream is polled after it was cancelled.
    pub(crate) time_left: Option<Pin<Box<Sleep>>>,
    pub(crate) ended: Ended,
}

impl RunningStream {
    fn poll_run(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamFailure>> {
        self.control.register(cx);
        let ended = match self.control.is_cancelled() && self.is_given_up(cx) {
            true => self.run.drop_now().map(|()| StreamEnd(Ok(()))),
            false => ready!(self.run.poll_with(|run| run.as_mut().poll(cx))),
        };
        Poll::Ready(match ended {
            Ok(StreamEnd(result)) => result,
            Err(panic) => self.panicked(panic),
        })
    }

    /// Returns whether a cancelled stream is not polled any more.
    fn is_given_up(&mut self, cx: &mut Context<'_>) -> bool {
        if self.control.is_dropped_when_cancelled() {
            return true;
        }
        let limit = self.hub.options().cancelled_stream_timeout;
        let time_left = self
            .time_left
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        let is_over = time_left.as_mut().poll(cx).is_ready();
        let node = self.hub.node();
        if is_over && let Some(hits) = node.limits().cancelled_streams.hit(node.now()) {
            let method = self.hub.service().method_name(self.method);
            tracing::warn!(
                target: "hubwire::dispatch",
                hits,
                method,
                hub = %self.hub.name(),
                connection_id = %self.connection.id(),
                "a stream that ignores its token is dropped"
            );
        }
        is_over
    }

    fn panicked(&self, panic: Panic) -> Result<(), StreamFailure> {
        if self.control.is_cancelled() {
            let place = Place::CancelledStream(self.method);
            self.hub
                .failed(place, self.connection.id(), &Excerpt(panic));
            return Ok(());
        }
        let error = HubError::panicked(panic);
        Err(match self.control.has_begun() {
            true => StreamFailure::Streaming(error),
            false => StreamFailure::Invoking(error),
        })
    }

    /// Returns the error text of the completion. A cancelled stream ends without an error, whatever
    /// its method returned.
    fn error_text(&self, result: Result<(), StreamFailure>) -> Option<String> {
        let failure = result.err()?;
        if self.control.is_cancelled() {
            drop(Guarded::new(failure));
            return None;
        }
        let failed = FailedCall {
            hub: &self.hub,
            connection: &self.connection,
            invocation_id: Some(&self.invocation_id),
            method: self.method,
        };
        span::record_error(self.run.span(), failure.type_name());
        Some(match failure {
            StreamFailure::Invoking(error) => failed.error_text(error),
            StreamFailure::Streaming(error) => failed.streaming_error_text(error),
            StreamFailure::NoStream => {
                let cause = format_args!("a filter returned a value for a method that streams");
                let place = Place::Method(self.method);
                self.hub.failed(place, self.connection.id(), &cause);
                refusals::no_stream(self.hub.service().method_name(self.method))
            }
        })
    }

    fn complete(&self, error: Option<&str>) {
        with_scratch(|buffer| {
            let protocol = self.connection.protocol();
            let mut writer = protocol.writer(buffer);
            match error {
                Some(text) => writer.completion_error(&self.invocation_id, text),
                None => writer.completion_void(&self.invocation_id),
            }
            self.connection.gather(buffer);
        });
    }
}

impl Future for RunningStream {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.get_mut();
        let Poll::Ready(result) = this.poll_run(cx) else {
            return Poll::Pending;
        };
        let is_cancelled = this.control.is_cancelled();
        let error = this.error_text(result);
        this.control.end();
        this.complete(error.as_deref());
        this.is_over = true;
        let outcome = match error {
            _ if is_cancelled => CallOutcome::Cancelled,
            Some(_) => CallOutcome::Failed,
            None => CallOutcome::Completed,
        };
        this.hub
            .call_ended(this.method, this.begun, Instant::now(), outcome);
        Poll::Ready(mem::take(&mut this.ended))
    }
}

impl Drop for RunningStream {
    fn drop(&mut self) {
        if !self.is_over {
            let outcome = CallOutcome::Cancelled;
            self.hub
                .call_ended(self.method, self.begun, Instant::now(), outcome);
        }
    }
}
