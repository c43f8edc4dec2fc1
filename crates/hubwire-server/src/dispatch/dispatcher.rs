//! Takes the messages of one connection in order and runs what they ask for.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Context;

use hubwire_protocol::{BindError, Close, HubMessage, HubProtocol, Invocation as Message};

use super::running::Run;
use super::{CompletionWriter, Invocation, ReplyKind, RunningCalls};
use crate::connection::{Connection, EndReason, data_opcode, with_scratch};
use crate::hub::{Caller, HubCall, HubError};
use crate::server::HubRuntime;

/// The dispatcher of one connection.
pub(crate) struct Dispatcher {
    hub: Arc<HubRuntime>,
    connection: Arc<Connection>,
    caller: Caller,
    protocol: HubProtocol,
    running: RunningCalls,
    free_slots: usize,
    /// The next call, for which no slot is free: nothing behind it is looked at.
    waiting: Option<(Option<Box<str>>, Invocation)>,
}

impl Dispatcher {
    pub(crate) fn new(hub: Arc<HubRuntime>, connection: Arc<Connection>) -> Self {
        Self {
            free_slots: hub.options().maximum_parallel_invocations_per_client.get(),
            caller: Caller::new(Arc::clone(&connection)),
            protocol: connection.protocol(),
            running: RunningCalls::default(),
            waiting: None,
            hub,
            connection,
        }
    }

    /// Whether messages must wait: for a slot, for room in the queue, or for the connection's end.
    pub(crate) fn is_blocked(&self) -> bool {
        self.waiting.is_some() || self.connection.outbound().reader_must_wait()
    }

    /// Whether looking at a kept message again is worth while now that its last `added` bytes came.
    pub(crate) fn may_complete(&self, buffered: &[u8], added: usize) -> bool {
        let limit = self.hub.options().maximum_receive_message_size;
        self.protocol.may_complete(buffered, added)
            || limit.is_some_and(|limit| buffered.len() > limit)
    }

    /// Dispatches complete messages in order; returns how many bytes they took.
    pub(crate) fn dispatch_all(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> usize {
        let limit = self.hub.options().maximum_receive_message_size;
        let mut used = 0;
        while !self.connection.has_ended() && !self.is_blocked() {
            let rest = bytes.get(used..).unwrap_or_default();
            match self.protocol.next_message(rest, limit) {
                Ok(Some((message, consumed))) => {
                    used += consumed;
                    self.dispatch(message, cx);
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(target: "hubwire::dispatch", %error, "invalid message");
                    self.connection.end(EndReason::Protocol(error));
                }
            }
        }
        if used > 0 {
            let now = self.hub.server().clock().now();
            self.connection.clock().received(now);
        }
        used
    }

    fn dispatch(&mut self, message: HubMessage<'_>, cx: &mut Context<'_>) {
        match message {
            HubMessage::Invocation(message) => self.invoke(&message, false, cx),
            HubMessage::StreamInvocation(message) => self.invoke(&message, true, cx),
            HubMessage::Ping => self.connection.clock().arm(),
            HubMessage::Close(Close { error, .. }) => {
                let error = error.map(|text| text.into_owned());
                self.connection.end(EndReason::ClientClosed { error });
            }
            // What belongs to no stream or question of ours is ignored, and so are unknown types.
            _ => tracing::trace!(target: "hubwire::dispatch", ?message, "ignored"),
        }
    }

    fn invoke(&mut self, message: &Message<'_>, streaming: bool, cx: &mut Context<'_>) {
        let id = message.invocation_id.as_deref();
        let Some(method) = self.hub.service().method(&message.target) else {
            return self.refuse_unknown(id, &message.target);
        };
        let call = HubCall {
            caller: &self.caller,
            arguments: &message.arguments,
        };
        // Decoding runs code of the hub's author too.
        let service = self.hub.service();
        let reply = match catch_unwind(AssertUnwindSafe(|| service.call(method, call))) {
            Ok(reply) => reply,
            Err(panic) => return self.refuse_panicked(id, method, &HubError::panicked(&*panic)),
        };
        let run = match reply.0 {
            ReplyKind::Call(_) if streaming => {
                Run::Refusal(wrong_mode(self.hub.service().method_name(method)))
            }
            ReplyKind::Call(call) => self.check_streams(method, message.stream_ids.len(), call),
            ReplyKind::Rejected(error) => return self.refuse_arguments(id, method, &error),
            ReplyKind::UnknownMethod => {
                return self.refuse(id, &format!("Unknown hub method '{}'", message.target));
            }
        };
        let invocation = Invocation { method, run };
        if self.free_slots == 0 {
            self.waiting = Some((id.map(Into::into), invocation));
        } else {
            self.start(id, invocation, cx);
        }
    }

    fn check_streams(
        &self,
        method: usize,
        sent: usize,
        call: std::pin::Pin<Box<dyn super::CallFuture>>,
    ) -> Run {
        if sent == 0 {
            return Run::Method(call);
        }
        let target = self.hub.service().method_name(method);
        Run::Refusal(format!(
            "An unexpected error occurred invoking '{target}' on the server. \
             HubException: Client sent {sent} stream(s), Hub method expects 0."
        ))
    }

    /// Runs a method as far as it goes at once; only a pending one costs more than its own frame.
    fn start(&mut self, id: Option<&str>, mut invocation: Invocation, cx: &mut Context<'_>) {
        let begun = invocation.poll(&self.hub, &self.connection, id, cx);
        if begun.is_pending() {
            self.free_slots -= 1;
            self.running
                .push(&self.hub, &self.connection, id, invocation);
        }
    }

    /// Polls running calls and gives the slots of those that ended to the call that waits.
    pub(crate) fn poll_calls(&mut self, cx: &mut Context<'_>) {
        loop {
            self.free_slots += self.running.poll(cx);
            if self.free_slots == 0 || self.connection.has_ended() {
                return;
            }
            let Some((id, invocation)) = self.waiting.take() else {
                break;
            };
            self.start(id.as_deref(), invocation, cx);
        }
    }

    /// Stops the client timeout while the client cannot be heard.
    pub(crate) fn mind_the_clock(&self) {
        let clock = self.connection.clock();
        if self.is_blocked() {
            clock.stop();
        } else if clock.is_stopped() {
            clock.resume(self.hub.server().clock().now());
        }
    }

    /// Whether calls have begun that did not end.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_running()
    }

    /// Runs begun calls to their ends, unheard; a call that never began is dropped.
    pub(crate) async fn run_out(self) {
        self.running.run_out().await;
    }

    fn refuse_unknown(&self, id: Option<&str>, target: &str) {
        tracing::debug!(target: "hubwire::dispatch", method = target, "unknown method");
        self.refuse(id, &unknown_method(target));
    }

    fn refuse_arguments(&self, id: Option<&str>, method: usize, error: &BindError) {
        let target = self.hub.service().method_name(method);
        tracing::debug!(target: "hubwire::dispatch", method = target, ?error, "arguments refused");
        let mut text = failed_to_invoke(target);
        if self.hub.options().detailed_errors {
            text.push_str(&format!(" InvalidDataException: {error}"));
        }
        self.refuse(id, &text);
    }

    fn refuse_panicked(&self, id: Option<&str>, method: usize, error: &HubError) {
        let target = self.hub.service().method_name(method);
        tracing::error!(target: "hubwire::dispatch", method = target, ?error, "decoding arguments failed");
        let detailed = self.hub.options().detailed_errors;
        self.refuse(id, &error.client_text(&failed_to_invoke(target), detailed));
    }

    fn refuse(&self, id: Option<&str>, text: &str) {
        with_scratch(|buffer| {
            CompletionWriter::new(self.protocol, id, buffer).error(text);
            if !buffer.is_empty() {
                let opcode = data_opcode(self.protocol);
                self.connection.outbound().answer(opcode, buffer);
            }
        });
    }
}

/// What a client reads whose arguments did not fit.
pub(crate) fn failed_to_invoke(target: &str) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

/// What a client reads who called a method that does not exist.
pub(crate) fn unknown_method(target: &str) -> String {
    let base = failed_to_invoke(target);
    format!("{base} HubException: Method does not exist.")
}

fn wrong_mode(target: &str) -> String {
    format!(
        "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
    )
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("connection", &self.connection)
            .field("free_slots", &self.free_slots)
            .finish_non_exhaustive()
    }
}
