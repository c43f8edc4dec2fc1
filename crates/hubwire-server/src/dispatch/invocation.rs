//! One plain call: its run, and what its caller reads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

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
            let naming = hub.options().naming;
            let mut completion = CompletionWriter::new(protocol, naming, invocation_id, buffer);
            match &mut self.run {
                Run::Refusal(text) => completion.error(text),
                Run::Method(call) => match poll_caught(call.as_mut(), cx, &mut completion) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => {
                        let text = error_text(hub, self.method, &error);
                        buffer.clear();
                        CompletionWriter::new(protocol, naming, invocation_id, buffer).error(&text);
                    }
                },
            }
            if !buffer.is_empty() {
                connection.outbound().answer(data_opcode(protocol), buffer);
            }
            Poll::Ready(())
        })
    }
}

/// What the caller of a method reads that failed, or gave no stream.
pub(crate) fn error_text(hub: &HubRuntime, method: usize, error: &HubError) -> String {
    let target = hub.service().method_name(method);
    log_error(target, error);
    let base = format!("An unexpected error occurred invoking '{target}' on the server.");
    error.client_text(&base, hub.options().detailed_errors)
}

/// What the caller of a stream reads that broke off.
pub(crate) fn streaming_error_text(hub: &HubRuntime, method: usize, error: &HubError) -> String {
    log_error(hub.service().method_name(method), error);
    let base = "An error occurred on the server while streaming results.";
    error.client_text(base, hub.options().detailed_errors)
}

fn log_error(target: &str, error: &HubError) {
    if error.is_shown() {
        tracing::debug!(target: "hubwire::dispatch", method = target, %error, "hub method refused");
    } else {
        tracing::error!(target: "hubwire::dispatch", method = target, ?error, "hub method failed");
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
