//! Calls of hub methods that run: what is polled, and what its caller reads at the end.

use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::future::BoxFuture;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hubwire_protocol::HubProtocol;

use super::refusals::{error_text, streaming_error_text};
use crate::connection::Connection;
use crate::hub::{
    CallFuture, CallSlot, HubError, HubRuntime, ResultWriter, StreamControl, StreamEnd,
    StreamFailure, Upload,
};
use crate::node::with_scratch;

/// A call that is prepared to run: its arguments are decoded, its method has not begun.
pub(crate) struct Invocation {
    pub(crate) method: usize,
    pub(crate) run: Run,
}

/// What happens in the call's turn.
pub(crate) enum Run {
    Method(Pin<Box<dyn CallFuture>>),
    /// The call is refused, but in its turn.
    Refusal(String),
}

impl Invocation {
    /// Polls the method; when it is ready, its completion is in the connection's queue.
    pub(crate) fn poll(
        &mut self,
        hub: &HubRuntime,
        connection: &Connection,
        invocation_id: Option<&str>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        with_scratch(|buffer| {
            let protocol = connection.protocol();
            let naming = hub.options().naming;
            let error = match &mut self.run {
                Run::Refusal(text) => Some(mem::take(text)),
                Run::Method(call) => {
                    let mut result =
                        ResultWriter::completion(protocol, naming, invocation_id, buffer);
                    ready!(poll_caught(call.as_mut(), cx, &mut result))
                        .err()
                        .map(|error| error_text(hub, self.method, &error))
                }
            };
            if let Some(text) = error {
                buffer.clear();
                write_error(protocol, invocation_id, &text, buffer);
            }
            if !buffer.is_empty() {
                connection.gather(buffer);
            }
            Poll::Ready(())
        })
    }
}

/// A call without an id has no completion.
pub(super) fn write_error(
    protocol: HubProtocol,
    invocation_id: Option<&str>,
    text: &str,
    output: &mut Vec<u8>,
) {
    if let Some(id) = invocation_id {
        protocol.writer(output).completion_error(id, text);
    }
}

/// A panic of hub code ends the call and nothing else.
fn poll_caught(
    call: Pin<&mut dyn CallFuture>,
    cx: &mut Context<'_>,
    result: &mut ResultWriter<'_>,
) -> Poll<Result<(), HubError>> {
    catch_unwind(AssertUnwindSafe(|| call.poll_call(cx, result)))
        .unwrap_or_else(|panic| Poll::Ready(Err(HubError::panicked(&*panic))))
}

/// A plain call that was pending when it began.
pub(crate) struct RunningInvocation {
    pub(crate) hub: Arc<HubRuntime>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) invocation_id: Option<Box<str>>,
    pub(crate) invocation: Invocation,
    pub(crate) ended: Ended,
}

/// What is left to do when a call has ended.
#[derive(Default)]
pub(crate) struct Ended {
    /// Whether the call had a slot when it began.
    pub(crate) took_slot: bool,
    /// The slot, where the call could have given it back before.
    pub(crate) slot: Option<Arc<CallSlot>>,
    pub(crate) registered: Option<Box<Registered>>,
}

/// Under what the call can be found by later messages.
#[derive(Default)]
pub(crate) struct Registered {
    pub(crate) response: Option<Box<str>>,
    pub(crate) call: Option<u64>,
    pub(crate) uploads: Vec<(Box<str>, Arc<dyn Upload>)>,
}

impl Ended {
    /// Whether a slot becomes free now.
    pub(crate) fn frees_slot(&self) -> bool {
        let released = self.slot.as_ref().is_some_and(|slot| slot.is_released());
        self.took_slot && !released
    }
}

impl Future for RunningInvocation {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.get_mut();
        let id = this.invocation_id.as_deref();
        this.invocation
            .poll(&this.hub, &this.connection, id, cx)
            .map(|()| mem::take(&mut this.ended))
    }
}

/// Drives a stream to its one completion.
pub(crate) struct RunningStream {
    pub(crate) hub: Arc<HubRuntime>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) invocation_id: Box<str>,
    pub(crate) method: usize,
    pub(crate) control: Arc<StreamControl>,
    pub(crate) run: BoxFuture<'static, StreamEnd>,
    pub(crate) ended: Ended,
}

impl RunningStream {
    fn poll_run(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamFailure>> {
        self.control.register(cx);
        if self.control.is_cancelled() && self.control.is_dropped_when_cancelled() {
            return Poll::Ready(Ok(()));
        }
        let run = self.run.as_mut();
        catch_unwind(AssertUnwindSafe(|| run.poll(cx)))
            .map(|end| end.map(|StreamEnd(result)| result))
            .unwrap_or_else(|panic| {
                let error = HubError::panicked(&*panic);
                Poll::Ready(Err(match self.control.has_begun() {
                    true => StreamFailure::Streaming(error),
                    false => StreamFailure::Invoking(error),
                }))
            })
    }

    /// After a cancel the end is a good one, whatever the method made of it.
    fn error_text(&self, result: Result<(), StreamFailure>) -> Option<String> {
        if self.control.is_cancelled() {
            return None;
        }
        Some(match result.err()? {
            StreamFailure::Invoking(error) => error_text(&self.hub, self.method, &error),
            StreamFailure::Streaming(error) => streaming_error_text(&self.hub, self.method, &error),
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
        let error = this.error_text(result);
        this.complete(error.as_deref());
        Poll::Ready(mem::take(&mut this.ended))
    }
}

enum RunningCall {
    Invocation(RunningInvocation),
    Stream(RunningStream),
}

impl Future for RunningCall {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        match self.get_mut() {
            Self::Invocation(call) => Pin::new(call).poll(cx),
            Self::Stream(stream) => Pin::new(stream).poll(cx),
        }
    }
}

/// The calls of a connection that are pending.
#[derive(Default)]
pub(crate) struct RunningCalls {
    /// Made for the first pending call and dropped with the last: most connections have none.
    calls: Option<Box<FuturesUnordered<RunningCall>>>,
}

impl RunningCalls {
    pub(crate) fn push(&mut self, call: RunningInvocation) {
        let calls = self.calls.get_or_insert_default();
        calls.push(RunningCall::Invocation(call));
    }

    pub(crate) fn push_stream(&mut self, stream: RunningStream) {
        let calls = self.calls.get_or_insert_default();
        calls.push(RunningCall::Stream(stream));
    }

    pub(crate) fn is_running(&self) -> bool {
        self.calls.is_some()
    }

    /// Polls what was woken and hands over what ended.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, mut on_end: impl FnMut(Ended)) {
        let Some(calls) = &mut self.calls else {
            return;
        };
        while let Poll::Ready(Some(ended)) = calls.poll_next_unpin(cx) {
            on_end(ended);
        }
        if calls.is_empty() {
            self.calls = None;
        }
    }

    /// Runs all calls to their ends.
    pub(crate) async fn run_out(self) {
        if let Some(mut calls) = self.calls {
            while calls.next().await.is_some() {}
        }
    }
}
