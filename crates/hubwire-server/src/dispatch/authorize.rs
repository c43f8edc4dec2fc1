//! Who may call a method: decided before anything of the method runs.

use std::task::Context;

use hubwire_protocol::Invocation as Message;

use super::Dispatcher;
use super::invoke::{Incoming, Mode};
use super::refusals;
use super::running::{Invocation, Run};
use crate::hub::{CallFault, Resources, TraceContext};

impl Dispatcher {
    /// Runs a call of a restricted method, or refuses it.
    pub(super) fn authorize(
        &mut self,
        message: &Message<'_>,
        call: Incoming,
        cx: &mut Context<'_>,
    ) {
        let Some(restriction) = self.hub.restrictions().of_method(call.method) else {
            return self.invoke_allowed(message, call, cx);
        };
        let user = self.connection().principal();
        let policy = &restriction.policy;
        // Checks are not run yet, so nobody meets a policy with one.
        let is_allowed = user.is_some_and(|user| policy.allows(&user) && !policy.has_checks());
        let takes_slot = call.mode == Mode::Plain && !restriction.reads_streams;
        match (is_allowed, takes_slot) {
            (true, _) => self.invoke_allowed(message, call, cx),
            (false, true) => self.refuse_in_turn(message, call, cx),
            // Like every call that takes no slot, its refusal waits for none.
            (false, false) => self.refuse_user(message, call),
        }
    }

    /// Refuses a call of a user who may not call the method.
    fn refuse_user(&self, message: &Message<'_>, call: Incoming) {
        let text = self.refusal_of_user(message, call);
        self.refuse(message.invocation_id.as_deref(), &text);
    }

    /// Does the same when a slot is free for the call.
    fn refuse_in_turn(&mut self, message: &Message<'_>, call: Incoming, cx: &mut Context<'_>) {
        let refusal = Invocation {
            method: call.method,
            run: Run::Refusal(self.refusal_of_user(message, call)),
            trace: TraceContext::default(),
            read_at: call.read_at,
        };
        self.take_turn(message, refusal, Resources::default(), cx);
    }

    /// Logs that the user may not call the method. Returns the text for the caller.
    fn refusal_of_user(&self, message: &Message<'_>, call: Incoming) -> String {
        self.log_refused_call(message, call.method, CallFault::Unauthorized, |it| it);
        refusals::unauthorized(self.hub.service().method_name(call.method))
    }
}
