//! Calls of hub methods that have begun or are about to.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::{CallFuture, CompletionWriter};
use crate::connection::{Connection, data_opcode, with_scratch};
use crate::hub::HubError;
use crate::server::HubRuntime;

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
            let mut completion = CompletionWriter::new(protocol, invocation_id, buffer);
            match &mut self.run {
                Run::Refusal(text) => completion.error(text),
                Run::Method(call) => match poll_caught(call.as_mut(), cx, &mut completion) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => {
                        let text = self.error_text(hub, &error);
                        buffer.clear();
                        CompletionWriter::new(protocol, invocation_id, buffer).error(&text);
                    }
                },
            }
            if !buffer.is_empty() {
                connection.outbound().answer(data_opcode(protocol), buffer);
            }
            Poll::Ready(())
        })
    }

    fn error_text(&self, hub: &HubRuntime, error: &HubError) -> String {
        let target = hub.service().method_name(self.method);
        if error.is_shown() {
            tracing::debug!(target: "hubwire::dispatch", method = target, %error, "hub method refused");
        } else {
            tracing::error!(target: "hubwire::dispatch", method = target, ?error, "hub method failed");
        }
        let base = format!("An unexpected error occurred invoking '{target}' on the server.");
        error.client_text(&base, hub.options().detailed_errors)
    }
}

/// A panic of hub code ends the call and nothing else.
fn poll_caught(
    call: Pin<&mut dyn CallFuture>,
    cx: &mut Context<'_>,
    completion: &mut CompletionWriter<'_>,
) -> Poll<Result<(), HubError>> {
    catch_unwind(AssertUnwindSafe(|| call.poll_call(cx, completion)))
        .unwrap_or_else(|panic| Poll::Ready(Err(HubError::panicked(&*panic))))
}

/// A call that was pending when it began.
struct RunningCall {
    hub: Arc<HubRuntime>,
    connection: Arc<Connection>,
    invocation_id: Option<Box<str>>,
    invocation: Invocation,
}

impl Future for RunningCall {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let id = this.invocation_id.as_deref();
        this.invocation.poll(&this.hub, &this.connection, id, cx)
    }
}

/// The calls of a connection that are pending.
#[derive(Default)]
pub(crate) struct RunningCalls {
    /// Made for the first pending call and dropped with the last: most connections have none.
    calls: Option<Box<FuturesUnordered<RunningCall>>>,
}

impl RunningCalls {
    pub(crate) fn push(
        &mut self,
        hub: &Arc<HubRuntime>,
        connection: &Arc<Connection>,
        invocation_id: Option<&str>,
        invocation: Invocation,
    ) {
        self.calls.get_or_insert_default().push(RunningCall {
            hub: Arc::clone(hub),
            connection: Arc::clone(connection),
            invocation_id: invocation_id.map(Into::into),
            invocation,
        });
    }

    pub(crate) fn is_running(&self) -> bool {
        self.calls.is_some()
    }

    /// Polls what was woken; returns how many calls ended.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> usize {
        let Some(calls) = &mut self.calls else {
            return 0;
        };
        let mut ended = 0;
        while let Poll::Ready(Some(())) = calls.poll_next_unpin(cx) {
            ended += 1;
        }
        if calls.is_empty() {
            self.calls = None;
        }
        ended
    }

    /// Runs all calls to their ends.
    pub(crate) async fn run_out(self) {
        if let Some(calls) = self.calls {
            calls.collect::<()>().await;
        }
    }
}
