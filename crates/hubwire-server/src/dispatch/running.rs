//! Running calls of hub methods: how they are polled, and what their callers receive at the end.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hubwire_protocol::HubProtocol;
use tokio::time::Instant;

use super::policy_check::{Decided, PolicyCheck};
use super::refusals::FailedCall;
use super::running_stream::RunningStream;
use crate::connection::Connection;
use crate::hub::{
    CallFuture, CallOutcome, CallSlot, HubError, HubRuntime, ResultWriter, TraceContext, Upload,
    span,
};
use crate::node::{InSpan, with_scratch};

/// A call that is ready to run: its arguments are decoded, and its method has not begun.
pub(crate) struct Invocation {
    pub(crate) method: usize,
    pub(crate) run: Run,
    pub(crate) trace: TraceContext,
    pub(crate) read_at: Instant,
}

/// What the call does in its turn.
pub(crate) enum Run {
    /// The span is disabled until the call begins, unless a policy has allowed the call in it.
    Method(InSpan<Pin<Box<dyn CallFuture>>>),
    /// Refuses the call.
    Refusal(String),
}

impl Invocation {
    /// Polls the method; returns no outcome for a refusal. When it is ready, its completion has been put into the connection's queue.
    pub(crate) fn poll(
        &mut self,
        hub: &HubRuntime,
        connection: &Connection,
        invocation_id: Option<&str>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<CallOutcome>> {
        with_scratch(|buffer| {
            let protocol = connection.protocol();
            let naming = hub.options().naming;
            let is_call = matches!(self.run, Run::Method(_));
            let error = match &mut self.run {
                Run::Refusal(text) => Some(mem::take(text)),
                Run::Method(call) => {
                    let mut result =
                        ResultWriter::completion(protocol, naming, invocation_id, buffer);
                    let failed = FailedCall {
                        hub,
                        connection,
                        invocation_id,
                        method: self.method,
                    };
                    ready!(poll_call(call, cx, &mut result)).err().map(|error| {
                        span::record_error(call.span(), error.type_name());
                        failed.error_text(error)
                    })
                }
            };
            let outcome = match error {
                Some(_) => CallOutcome::Failed,
                None => CallOutcome::Completed,
            };
            if let Some(text) = error {
                buffer.clear();
                write_error(protocol, invocation_id, &text, buffer);
            }
            if !buffer.is_empty() {
                connection.gather(buffer);
            }
            Poll::Ready(is_call.then_some(outcome))
        })
    }
}

/// Writes a completion with an error, unless the call has no id.
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

/// Polls a method. A panic of hub code becomes the error of this call.
fn poll_call(
    call: &mut InSpan<Pin<Box<dyn CallFuture>>>,
    cx: &mut Context<'_>,
    result: &mut ResultWriter<'_>,
) -> Poll<Result<(), HubError>> {
    let ended = ready!(call.poll_with(|run| run.as_mut().poll_call(cx, result)));
    Poll::Ready(ended.unwrap_or_else(|panic| Err(HubError::panicked(panic))))
}

/// A plain call that was pending after its first poll.
pub(crate) struct RunningInvocation {
    pub(crate) hub: Arc<HubRuntime>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) invocation_id: Option<Arc<str>>,
    pub(crate) invocation: Invocation,
    pub(crate) is_over: bool,
    pub(crate) ended: Ended,
}

/// What remains to be done when a call has ended.
#[derive(Default)]
pub(crate) struct Ended {
    /// Whether the call took a slot when it began.
    pub(crate) took_slot: bool,
    /// The slot, if the call could have given it back before its end.
    pub(crate) slot: Option<Arc<CallSlot>>,
    pub(crate) registered: Option<Box<Registered>>,
}

/// What later messages can refer to in this call.
#[derive(Default)]
pub(crate) struct Registered {
    pub(crate) response: Option<Arc<str>>,
    pub(crate) call: Option<u64>,
    pub(crate) uploads: Vec<(Arc<str>, Arc<dyn Upload>)>,
}

impl Ended {
    /// Takes the call's slot. Returns `true` if the call took one and still held it.
    pub(crate) fn frees_slot(&self) -> bool {
        let is_held = self.slot.as_ref().is_none_or(|slot| slot.take());
        self.took_slot && is_held
    }
}

impl Future for RunningInvocation {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.get_mut();
        let id = this.invocation_id.as_deref();
        this.invocation
            .poll(&this.hub, &this.connection, id, cx)
            .map(|outcome| {
                if let Some(outcome) = outcome {
                    let Invocation {
                        method, read_at, ..
                    } = this.invocation;
                    this.hub
                        .call_ended(method, read_at, Instant::now(), outcome);
                }
                this.is_over = true;
                mem::take(&mut this.ended)
            })
    }
}

impl Drop for RunningInvocation {
    fn drop(&mut self) {
        if !self.is_over && matches!(self.invocation.run, Run::Method(_)) {
            let (method, outcome) = (self.invocation.method, CallOutcome::Cancelled);
            self.hub
                .call_ended(method, self.invocation.read_at, Instant::now(), outcome);
        }
    }
}

pub(crate) enum RunningCall {
    Invocation(RunningInvocation),
    Stream(RunningStream),
    Check(Box<PolicyCheck>),
}

/// What is over.
pub(crate) enum Over {
    Call(Ended),
    Check(Box<Decided>),
}

impl RunningCall {
    fn runs_on(&self) -> bool {
        match self {
            Self::Invocation(_) => true,
            Self::Stream(stream) => !stream.control.is_dropped_when_cancelled(),
            Self::Check(_) => false,
        }
    }

    pub(crate) fn hub(&self) -> &HubRuntime {
        match self {
            Self::Invocation(call) => &call.hub,
            Self::Stream(stream) => &stream.hub,
            Self::Check(check) => &check.hub,
        }
    }

    pub(crate) fn method(&self) -> usize {
        match self {
            Self::Invocation(call) => call.invocation.method,
            Self::Stream(stream) => stream.method,
            Self::Check(check) => check.call.method,
        }
    }
}

impl Future for RunningCall {
    type Output = Over;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Over> {
        match self.get_mut() {
            Self::Invocation(call) => Pin::new(call).poll(cx).map(Over::Call),
            Self::Stream(stream) => Pin::new(stream).poll(cx).map(Over::Call),
            Self::Check(check) => Pin::new(check).poll(cx).map(Over::Check),
        }
    }
}

/// The calls of a connection that are pending.
#[derive(Default)]
pub(crate) struct RunningCalls {
    /// Allocated for the first pending call and dropped with the last, because most connections
    /// have none.
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

    pub(crate) fn push_check(&mut self, check: Box<PolicyCheck>) {
        let calls = self.calls.get_or_insert_default();
        calls.push(RunningCall::Check(check));
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.as_ref().map_or(0, |calls| calls.len())
    }

    /// Polls the calls that were woken until one is over. Returns `None` if none of them is.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Option<Over> {
        let calls = self.calls.as_mut()?;
        if let Poll::Ready(Some(over)) = calls.poll_next_unpin(cx) {
            return Some(over);
        }
        if calls.is_empty() {
            self.calls = None;
        }
        None
    }

    /// Returns the calls that continue without their connection, in the order in which they began.
    ///
    /// Streams whose method takes no token are dropped, because they could not learn that they
    /// should end, and so are calls about which a policy has yet to decide.
    pub(crate) fn into_orphans(self) -> Vec<RunningCall> {
        let Some(calls) = self.calls else {
            return Vec::new();
        };
        let mut calls: Vec<_> = calls.into_iter().filter(RunningCall::runs_on).collect();
        calls.reverse();
        calls
    }
}
