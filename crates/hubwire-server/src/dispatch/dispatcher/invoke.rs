//! Calls: from the message to the method's run, or to its refusal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Context;

use hubwire_protocol::Invocation as Message;
use tokio_util::sync::CancellationToken;

use super::super::{
    CallResources, Ended, Invocation, Registered, ReplyKind, Run, RunningInvocation,
    TakenResources, refusals,
};
use super::streaming::uploads_of;
use super::{Dispatcher, WaitingCall};
use crate::hub::{HubCall, HubError, Upload};

impl Dispatcher {
    pub(super) fn invoke(&mut self, message: &Message<'_>, streaming: bool, cx: &mut Context<'_>) {
        let id = message.invocation_id.as_deref();
        let Some(method) = self.hub.service().method(&message.target) else {
            return self.refuse_unknown(id, &message.target);
        };
        let resources = CallResources::new(
            &self.connection,
            self.hub.options().stream_buffer_capacity.get(),
        );
        let call = HubCall {
            caller: &self.caller,
            arguments: &message.arguments,
            resources: &resources,
        };
        // Decoding runs code of the hub's author too.
        let service = self.hub.service();
        let reply = match catch_unwind(AssertUnwindSafe(|| service.call(method, call))) {
            Ok(reply) => reply,
            Err(panic) => return self.refuse_panicked(id, method, &HubError::panicked(&*panic)),
        };
        let resources = resources.take();
        match reply.0 {
            ReplyKind::Call(call) => {
                let run = match streaming {
                    true => Run::Refusal(refusals::not_streaming(service.method_name(method))),
                    false => Run::Method(call),
                };
                let invocation = Invocation { method, run };
                self.take_turn(message, invocation, resources, cx);
            }
            ReplyKind::Stream(start) if streaming => {
                self.begin_stream(message, method, start, resources, cx);
            }
            ReplyKind::Stream(_) => {
                let run = Run::Refusal(refusals::streaming(service.method_name(method)));
                let invocation = Invocation { method, run };
                self.take_turn(message, invocation, resources, cx);
            }
            ReplyKind::Rejected(error) => self.refuse_arguments(id, method, &error),
            ReplyKind::UnknownMethod => {
                self.refuse(id, &format!("Unknown hub method '{}'", message.target));
            }
        }
    }

    /// Runs a call when it has a slot, which one with streams does not need; the wrong kind of call waits too.
    pub(super) fn take_turn(
        &mut self,
        message: &Message<'_>,
        mut invocation: Invocation,
        resources: TakenResources,
        cx: &mut Context<'_>,
    ) {
        let id = message.invocation_id.as_deref();
        if matches!(invocation.run, Run::Method(_))
            && let Err(text) = self.check_uploads(invocation.method, message, &resources)
        {
            invocation.run = Run::Refusal(text);
        }
        let takes_slot = resources.uploads.is_empty();
        if takes_slot && self.free_slots == 0 {
            self.waiting = Some(WaitingCall {
                id: id.map(Into::into),
                invocation,
                resources,
            });
            return;
        }
        let uploads = match invocation.run {
            Run::Method(_) => uploads_of(message, &resources),
            Run::Refusal(_) => Vec::new(),
        };
        self.start(id, invocation, resources, uploads, takes_slot, cx);
    }

    /// Runs a call as far as it goes at once; only a pending one costs more than its own frame.
    pub(super) fn start(
        &mut self,
        id: Option<&str>,
        mut invocation: Invocation,
        resources: TakenResources,
        uploads: Vec<(Box<str>, Arc<dyn Upload>)>,
        takes_slot: bool,
        cx: &mut Context<'_>,
    ) {
        let TakenResources { slot, token, .. } = resources;
        if let Some(slot) = slot.as_ref().filter(|_| !takes_slot) {
            slot.is_not_needed();
        }
        let begun = invocation.poll(&self.hub, &self.connection, id, cx);
        let mut ended = Ended {
            took_slot: takes_slot,
            slot,
            registered: None,
        };
        if begun.is_ready() {
            // A call that gave its slot back is counted when the connection hears of it.
            if takes_slot && !ended.frees_slot() {
                self.free_slots -= 1;
            }
            return;
        }
        self.free_slots -= usize::from(takes_slot);
        let call = id.map(Box::from).zip(token);
        if call.is_some() || !uploads.is_empty() {
            ended.registered = Some(self.register(call, uploads));
        }
        self.running.push(RunningInvocation {
            hub: Arc::clone(&self.hub),
            connection: Arc::clone(&self.connection),
            invocation_id: id.map(Into::into),
            invocation,
            ended,
        });
    }

    pub(super) fn register(
        &mut self,
        call: Option<(Box<str>, CancellationToken)>,
        uploads: Vec<(Box<str>, Arc<dyn Upload>)>,
    ) -> Box<Registered> {
        let open = self.open.get_or_insert_default();
        let mut registered = Box::<Registered>::default();
        for (id, upload) in uploads {
            open.add_upload(id.clone(), Arc::clone(&upload));
            registered.uploads.push((id, upload));
        }
        if let Some((id, token)) = call {
            registered.call = Some(open.add_call(id, token));
        }
        registered
    }
}
