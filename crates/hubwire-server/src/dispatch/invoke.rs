//! Calls of hub methods: runs the method that a message asks for, or refuses the call.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use hubwire_protocol::{BindError, Excerpt, Invocation as Message};
use tokio::time::Instant;

use super::Dispatcher;
use super::authorize::Allowed;
use super::policy_check::PolicyCheck;
use super::refusals::{self, FailedCall};
use super::running::{Ended, Invocation, Registered, Run, RunningInvocation, write_error};
use super::streaming::{Claims, claims_of};
use crate::hub::{
    CallFault, Heard, HubCall, HubError, Reply, ReplyKind, Resources, ResourcesBuilder,
    TraceContext, Warning, span,
};
use crate::node::{EnabledSpan, InSpan, guarded, with_scratch};

/// Whether the client expects a result or a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    Streaming,
}

/// A call of a known method that has just been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) method: usize,
    pub(super) mode: Mode,
    pub(super) read_at: Instant,
}

/// A call for which no slot was free.
pub(super) enum WaitingCall {
    Bound {
        id: Option<Box<str>>,
        invocation: Invocation,
        resources: Resources,
    },
    /// A policy has yet to decide.
    Unchecked(Box<PolicyCheck>),
}

/// Whether a plain call needs a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Slot {
    #[default]
    Needed,
    /// A policy has allowed the call, which held no slot then: it reads streams, or the policy has
    /// invoked the client and given the slot back for good.
    NotNeeded,
}

/// What a call takes while it runs: streams never hold up other calls, so a call that reads streams
/// takes no slot.
pub(super) enum Taken {
    Slot,
    Streams(Claims),
}

impl Dispatcher {
    pub(super) fn invoke(&mut self, message: &Message<'_>, mode: Mode, cx: &mut Context<'_>) {
        let read_at = self.time.take().unwrap_or_else(Instant::now);
        let id = message.invocation_id.as_deref();
        let Some(method) = self.hub.service().method(&message.target) else {
            return self.refuse_unknown(id, &message.target);
        };
        self.hub.called(method, self.connection().id());
        let call = Incoming {
            method,
            mode,
            read_at,
        };
        match self.hub.restrictions().of_method(method) {
            None => self.invoke_allowed(message, call, None, cx),
            Some(_) => self.authorize(message, call, cx),
        }
    }

    /// Runs a call whose user may call the method, or refuses it for another reason.
    #[inline]
    pub(super) fn invoke_allowed(
        &mut self,
        message: &Message<'_>,
        call: Incoming,
        allowed: Option<Allowed>,
        cx: &mut Context<'_>,
    ) {
        let Incoming {
            method,
            mode,
            read_at,
        } = call;
        let id = message.invocation_id.as_deref();
        let (resources, bound) = match self.prepare(method, message) {
            Ok(prepared) => prepared,
            Err(panic) => return self.refuse_panicked(message, method, panic),
        };
        let reply = match bound {
            Ok(reply) => reply,
            Err(error) => return self.refuse_arguments(message, method, error),
        };
        let allowed = allowed.unwrap_or_default();
        let slot = allowed.slot;
        let target = self.hub.service().method_name(method);
        let run = match (reply.0, mode) {
            (ReplyKind::Stream(start), Mode::Streaming) => {
                let begun = (method, read_at);
                return self.begin_stream(message, begun, start, &resources, allowed, cx);
            }
            (ReplyKind::UnknownMethod, _) => {
                let name = Excerpt(&message.target);
                self.log_refusal(
                    Heard::of(id),
                    Warning::UnknownMethod,
                    &message.target,
                    |it| it,
                );
                return self.refuse(id, &format!("Unknown hub method '{name}'"));
            }
            (ReplyKind::Call(call), Mode::Plain) => {
                match self.check_uploads(method, message, &resources, &allowed.held) {
                    Ok(()) => {
                        self.pass_on_held(method, allowed.held, &resources);
                        Run::Method(InSpan::new(call, allowed.span))
                    }
                    Err(text) => {
                        self.log_refused_call(message, method, CallFault::Streams, |it| {
                            it.detail(&text)
                        });
                        Run::Refusal(text)
                    }
                }
            }
            // A streaming invocation never takes a slot, so its refusal does not wait for one.
            (ReplyKind::Call(call), Mode::Streaming) => {
                drop(call);
                self.log_refused_call(message, method, CallFault::WrongKind, |it| it);
                return self.refuse(id, &refusals::not_streaming(target));
            }
            (ReplyKind::Stream(_), Mode::Plain) => {
                self.log_refused_call(message, method, CallFault::WrongKind, |it| it);
                Run::Refusal(refusals::streaming(target))
            }
        };
        let trace = TraceContext::of_message(&message.headers);
        let invocation = Invocation {
            method,
            run,
            trace,
            read_at,
        };
        self.take_turn(message, invocation, resources, slot, cx);
    }

    /// Creates the call's resources and binds its arguments. Both run code of the hub's author.
    fn prepare(
        &self,
        method: usize,
        message: &Message<'_>,
    ) -> Result<(Resources, Result<Reply, BindError>), HubError> {
        let service = self.hub.service();
        let stream_capacity = self.hub.options().stream_buffer_capacity.get();
        let prepare = || {
            let builder = ResourcesBuilder::new(self.connection(), stream_capacity);
            let resources = service.resources(method, builder);
            let call = HubCall {
                caller: &self.caller,
                headers: &message.headers,
                arguments: &message.arguments,
                resources: &resources,
                is_answered: message.invocation_id.is_some(),
            };
            let bound = service.bind(method, call);
            (resources, bound)
        };
        guarded(prepare).map_err(HubError::panicked)
    }

    /// Starts a call, or lets it wait if it needs a slot and none is free. Calls with streams need
    /// no slot; refusals wait too.
    pub(super) fn take_turn(
        &mut self,
        message: &Message<'_>,
        invocation: Invocation,
        resources: Resources,
        slot: Slot,
        cx: &mut Context<'_>,
    ) {
        let id = message.invocation_id.as_deref();
        let takes_slot = slot == Slot::Needed && resources.uploads().is_empty();
        // A call whose policy has decided finds the slot that it held free.
        if takes_slot && self.free_slots == 0 {
            self.hub.node().limits().parallel_invocations.count();
            self.waiting = Some(Box::new(WaitingCall::Bound {
                id: id.map(Into::into),
                invocation,
                resources,
            }));
            return;
        }
        let taken = match (takes_slot, &invocation.run) {
            (true, _) => Taken::Slot,
            (false, Run::Method(_)) => Taken::Streams(claims_of(message, &resources)),
            (false, Run::Refusal(_)) => Taken::Streams(Claims::new()),
        };
        self.start(id, invocation, &resources, taken, cx);
    }

    /// Runs a call until it is first pending. A call that completes at once needs no further
    /// allocation.
    pub(super) fn start(
        &mut self,
        id: Option<&str>,
        mut invocation: Invocation,
        resources: &Resources,
        taken: Taken,
        cx: &mut Context<'_>,
    ) {
        let (took_slot, mut claims) = match taken {
            Taken::Slot => (true, Claims::new()),
            Taken::Streams(claims) => (false, claims),
        };
        if matches!(invocation.run, Run::Method(_))
            && let Err(text) = self.check_room(invocation.method)
        {
            let method = invocation.method;
            let target = self.hub.service().method_name(method);
            let warning = Warning::Call(method, CallFault::TooManyCalls);
            self.log_refusal(Heard::of(id), warning, target, |it| it.detail(&text));
            invocation.run = Run::Refusal(text);
            claims.clear();
        }
        if let Run::Method(call) = &mut invocation.run
            && call.span().get().is_none()
        {
            let trace = mem::take(&mut invocation.trace);
            call.set_span(self.span_of(invocation.method, trace));
        }
        let slot = resources.slot().cloned();
        if let Some(slot) = slot.as_ref().filter(|_| took_slot) {
            slot.hold();
        }
        let begun = invocation.poll(&self.hub, self.connection(), id, cx);
        let mut ended = Ended {
            took_slot,
            slot,
            registered: None,
        };
        if let Poll::Ready(outcome) = begun {
            if let Some(outcome) = outcome {
                let now = Instant::now();
                self.hub
                    .call_ended(invocation.method, invocation.read_at, now, outcome);
                self.time = Some(now);
            }
            // The slot of a call that gave it back is added when the connection collects released
            // slots.
            if took_slot && !ended.frees_slot() {
                self.free_slots -= 1;
            }
            return;
        }
        self.free_slots -= usize::from(took_slot);
        let invocation_id: Option<Arc<str>> = id.map(Into::into);
        let call = invocation_id.as_ref().zip(resources.token());
        if call.is_some() || !claims.is_empty() {
            let mut registered = self.register(invocation.method, claims);
            if let Some((id, token)) = call {
                let open = self.open.get_or_insert_default();
                registered.call = Some(open.add_call(Arc::clone(id), token.clone()));
            }
            ended.registered = Some(registered);
        }
        self.running.push(RunningInvocation {
            hub: Arc::clone(&self.hub),
            connection: Arc::clone(self.connection()),
            invocation_id,
            invocation,
            is_over: false,
            ended,
        });
    }

    /// Creates the span of a call that begins.
    #[inline]
    pub(super) fn span_of(&self, method: usize, trace: TraceContext) -> EnabledSpan {
        span::of_call(&self.hub, method, self.connection(), trace)
    }

    /// Returns the text of a refusal if the connection has too many running calls, with or without
    /// a slot.
    pub(super) fn check_room(&self, method: usize) -> Result<(), String> {
        let options = self.hub.options();
        let slots = options.maximum_parallel_invocations_per_client.get();
        let limit = options.maximum_running_calls_per_client.max(slots);
        if self.running.len() < limit {
            return Ok(());
        }
        let whose = self.connection().whose();
        self.hub.node().limits().running_calls.count_of(whose);
        let target = self.hub.service().method_name(method);
        Err(refusals::too_many_calls(target, limit))
    }

    /// Registers the streams that the client sends to a call, to be found by their ids.
    pub(super) fn register(&mut self, method: usize, claims: Claims) -> Box<Registered> {
        let open = self.open.get_or_insert_default();
        for (id, upload) in &claims {
            open.add_upload(Arc::clone(id), Arc::clone(upload), method);
        }
        Box::new(Registered {
            uploads: claims,
            ..Registered::default()
        })
    }

    pub(super) fn failed<'a>(&'a self, id: Option<&'a str>, method: usize) -> FailedCall<'a> {
        FailedCall {
            hub: &self.hub,
            connection: self.connection(),
            invocation_id: id,
            method,
        }
    }

    pub(super) fn refuse(&self, id: Option<&str>, text: &str) {
        with_scratch(|buffer| {
            write_error(self.protocol, id, text, buffer);
            if !buffer.is_empty() {
                self.connection().gather(buffer);
            }
        });
    }
}
