//! Calls about which a policy has decided.

use std::task::Context;

use hubwire_protocol::Invocation as Message;
use tokio::time::Instant;

use super::Dispatcher;
use super::authorize::Allowed;
use super::invoke::{Incoming, Mode, Slot};
use super::policy_check::{Decided, Verdict};
use super::refusals;
use crate::hub::{
    CallOutcome, Details, Heard, HubError, RefusalReason, UnreadArgument, Warning, span,
};
use crate::node::{EnabledSpan, Guarded, guarded, guarded_step_of};

impl Dispatcher {
    /// Continues a call about which a policy has decided. Its streams and its slot are free again.
    pub(super) fn decided(&mut self, decided: Decided, cx: &mut Context<'_>) {
        let Decided {
            message,
            call,
            verdict,
            span,
            held,
            ended,
        } = decided;
        let holds_slot = self.end(ended);
        self.full_upload.take_if(|upload| !upload.is_full());
        if self.connection().has_ended() {
            // An error of the policy is a value of the application, as is its drop.
            drop(Guarded::new(verdict));
            return self.check_ended(call, CallOutcome::Cancelled);
        }
        match verdict {
            Verdict::Allowed if self.is_permitted(call.method) => {
                let slot = match holds_slot {
                    true => Slot::Needed,
                    false => Slot::NotNeeded,
                };
                let allowed = Allowed { slot, held, span };
                self.invoke_allowed(&message, call, Some(allowed), cx);
            }
            Verdict::Allowed | Verdict::Refused => self.refuse_user(&message, call),
            Verdict::Failed(error) => self.fail_check(&message, call, &span, error),
            Verdict::Cancelled => self.cancel_check(&message, call),
        }
    }

    /// Fails a call with the error of a policy, or refuses it if the policy could not read an
    /// argument.
    fn fail_check(
        &self,
        message: &Message<'_>,
        call: Incoming,
        span: &EnabledSpan,
        error: HubError,
    ) {
        let id = message.invocation_id.as_deref();
        let failed = self.failed(id, call.method);
        // The sources of the error are values of the application.
        if let Ok(Some(unread)) = guarded(|| UnreadArgument::of(&error)) {
            self.refuse_unread(message, call, unread);
            let whose = self.connection().whose();
            let keep = || failed.keep_cause(error);
            guarded_step_of(whose, "the drop of a policy's error", keep);
            return;
        }
        span::record_error(span, error.type_name());
        let text = failed.policy_error_text(error);
        let method = self.hub.service().method_name(call.method);
        self.tell_filters(&message.target, Some(method), RefusalReason::PolicyFailed);
        self.refuse(id, &text);
        self.check_ended(call, CallOutcome::Failed);
    }

    /// Refuses a call with an argument that a policy could not read. The client is not told why: it
    /// has no right to learn what the method takes.
    fn refuse_unread(&self, message: &Message<'_>, call: Incoming, unread: &UnreadArgument) {
        let warning = Warning::Call(call.method, unread.fault());
        let detailed = |it: Details| it.detail(&unread.detail());
        self.log_refusal(Heard::ByNobody, warning, &message.target, detailed);
        if unread.is_nested_too_deeply() {
            self.hub.node().limits().messagepack_nesting.count();
        }
        let text = refusals::unauthorized(self.hub.service().method_name(call.method));
        self.refuse(message.invocation_id.as_deref(), &text);
    }

    /// Answers a call that its client cancelled while a policy was deciding, as a cancelled method
    /// would.
    fn cancel_check(&self, message: &Message<'_>, call: Incoming) {
        let id = message.invocation_id.as_deref();
        match (call.mode, id) {
            (Mode::Streaming, Some(id)) => self.complete_unbegun_stream(id),
            _ => {
                let method = self.hub.service().method_name(call.method);
                self.refuse(id, &refusals::unexpected_error(method));
            }
        }
        self.check_ended(call, CallOutcome::Cancelled);
    }

    fn check_ended(&self, call: Incoming, outcome: CallOutcome) {
        self.hub
            .call_ended(call.method, call.read_at, Instant::now(), outcome);
    }
}
