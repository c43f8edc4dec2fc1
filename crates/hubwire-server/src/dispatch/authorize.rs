//! Who may call a method: decided before anything of the method runs.
//!
//! Roles and claims are decided when the call is read. A policy with checks runs in the place of
//! the method, in the call's slot; if it allows the call, the call goes on as if it had just been
//! read. Roles and claims are decided again after each wait, because a poll may have taken them away
//! from the user meanwhile.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hubwire_protocol::Invocation as Message;

use super::Dispatcher;
use super::held_upload::{HeldItems, HeldUpload};
use super::invoke::{Incoming, Mode, Slot, WaitingCall};
use super::open_streams::OpenResponse;
use super::policy_check::PolicyCheck;
use super::refusals;
use super::running::{Invocation, Run};
use super::streaming::Claims;
use crate::connection::Principal;
use crate::hub::{CallFault, Heard, Policy, Resources, TraceContext, Warning};
use crate::node::EnabledSpan;

/// What a call keeps that a policy has allowed; of other calls nothing.
#[derive(Default)]
pub(super) struct Allowed {
    pub(super) slot: Slot,
    /// What the client has sent to the call's streams meanwhile, by their positions.
    pub(super) held: Vec<HeldItems>,
    /// The span in which the policy has decided.
    pub(super) span: EnabledSpan,
}

impl Dispatcher {
    /// Runs a call of a restricted method, or refuses it.
    pub(super) fn authorize(
        &mut self,
        message: &Message<'_>,
        call: Incoming,
        cx: &mut Context<'_>,
    ) {
        let Some(restriction) = self.hub.restrictions().of_method(call.method) else {
            return self.invoke_allowed(message, call, None, cx);
        };
        let takes_slot = call.mode == Mode::Plain && !restriction.reads_streams;
        let policy = &restriction.policy;
        match self.user_with(policy) {
            None if takes_slot => self.refuse_in_turn(message, call, cx),
            // Like every call that takes no slot, its refusal waits for none.
            None => self.refuse_user(message, call),
            Some(user) if policy.has_checks() => {
                let waits = takes_slot && self.free_slots == 0;
                // The call is copied only if it may wait, or be asked about.
                if waits || self.has_room(message, call) {
                    let asked = (Arc::new(message.clone().into_owned()), call);
                    let check = PolicyCheck::new(&self.hub, &self.caller, &user, policy, asked);
                    self.check_in_turn(Box::new(check), takes_slot, cx);
                }
            }
            Some(_) => self.invoke_allowed(message, call, None, cx),
        }
    }

    /// Returns the user as of now; `None` if the policy asks for roles or claims that they lack.
    fn user_with(&self, policy: &Policy) -> Option<Principal> {
        let user = self.connection().principal();
        user.filter(|user| policy.allows(user))
    }

    /// Returns whether the user has, as of now, the roles and claims that the method asks for.
    pub(super) fn is_permitted(&self, method: usize) -> bool {
        let restriction = self.hub.restrictions().of_method(method);
        restriction.is_none_or(|it| self.user_with(&it.policy).is_some())
    }

    /// Refuses a call of a user who may not call the method.
    pub(super) fn refuse_user(&self, message: &Message<'_>, call: Incoming) {
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
        self.take_turn(message, refusal, Resources::default(), Slot::Needed, cx);
    }

    /// Logs that the user may not call the method. Returns the text for the caller.
    fn refusal_of_user(&self, message: &Message<'_>, call: Incoming) -> String {
        self.log_refused_call(message, call.method, CallFault::Unauthorized, |it| it);
        refusals::unauthorized(self.hub.service().method_name(call.method))
    }

    /// Asks a policy, or lets the call wait if it needs a slot and none is free.
    fn check_in_turn(
        &mut self,
        mut check: Box<PolicyCheck>,
        takes_slot: bool,
        cx: &mut Context<'_>,
    ) {
        check.ended.took_slot = takes_slot;
        if takes_slot && self.free_slots == 0 {
            self.hub.node().limits().parallel_invocations.count();
            self.waiting = Some(Box::new(WaitingCall::Unchecked(check)));
            return;
        }
        self.start_check(check, cx);
    }

    /// Returns whether a call could begin if a policy allowed it; otherwise it is refused: there are
    /// too many calls or streams, or ids of its streams are in use.
    fn has_room(&self, message: &Message<'_>, call: Incoming) -> bool {
        let Err((fault, text)) = self.check_streams_and_room(message, call) else {
            return true;
        };
        self.log_refused_call(message, call.method, fault, |it| it.detail(&text));
        self.refuse(message.invocation_id.as_deref(), &text);
        false
    }

    /// Returns the text of the refusal as the error.
    fn check_streams_and_room(
        &self,
        message: &Message<'_>,
        call: Incoming,
    ) -> Result<(), (CallFault, String)> {
        self.check_room(call.method)
            .map_err(|text| (CallFault::TooManyCalls, text))?;
        let of_streams = |text| (CallFault::Streams, text);
        self.check_stream_ids(call.method, message, &[])
            .map_err(of_streams)?;
        match call.mode {
            Mode::Plain => Ok(()),
            Mode::Streaming => self
                .check_response_id(call.method, message)
                .map_err(of_streams),
        }
    }

    /// Returns a call that has waited for its slot, or its refusal.
    pub(super) fn asked_again(&self, id: Option<&str>, mut invocation: Invocation) -> Invocation {
        let method = invocation.method;
        if matches!(invocation.run, Run::Method(_)) && !self.is_permitted(method) {
            let target = self.hub.service().method_name(method);
            let warning = Warning::Call(method, CallFault::Unauthorized);
            self.log_refusal(Heard::of(id), warning, target, |it| it);
            invocation.run = Run::Refusal(refusals::unauthorized(target));
        }
        invocation
    }

    /// Does the same for a call about which a policy has yet to decide.
    pub(super) fn ask_again(&mut self, check: Box<PolicyCheck>, cx: &mut Context<'_>) {
        let call = check.call;
        let restriction = self.hub.restrictions().of_method(call.method);
        let policy = restriction.map(|it| &it.policy);
        let asked = policy.and_then(|policy| Some((self.user_with(policy)?, policy)));
        let Some((user, policy)) = asked else {
            return self.refuse_user(&check.message, call);
        };
        if !self.has_room(&check.message, call) {
            return;
        }
        match user == check.user {
            true => self.start_check(check, cx),
            false => {
                let asked = (Arc::clone(&check.message), call);
                let mut renewed = PolicyCheck::new(&self.hub, &self.caller, &user, policy, asked);
                renewed.ended.took_slot = check.ended.took_slot;
                self.start_check(Box::new(renewed), cx);
            }
        }
    }

    /// Asks a policy about a call for which there is room.
    fn start_check(&mut self, mut check: Box<PolicyCheck>, cx: &mut Context<'_>) {
        if check.ended.took_slot {
            self.free_slots -= 1;
            check.slot.hold();
        }
        check.ended.slot = Some(Arc::clone(&check.slot));
        check.is_running = true;
        let trace = TraceContext::of_message(&check.message.headers);
        check.run.set_span(self.span_of(check.call.method, trace));
        match Pin::new(&mut *check).poll(cx) {
            Poll::Ready(decided) => self.decided(*decided, cx),
            Poll::Pending => {
                self.register_check(&mut check);
                self.running.push_check(check);
            }
        }
    }

    /// Lets later messages refer to a call about which a policy has yet to decide.
    fn register_check(&mut self, check: &mut PolicyCheck) {
        let message = Arc::clone(&check.message);
        let capacity = self.hub.options().stream_buffer_capacity.get();
        let mut claims = Claims::new();
        for id in &message.stream_ids {
            let upload = Arc::new(HeldUpload::new(capacity));
            check.held.push(Arc::clone(&upload));
            claims.push((Arc::from(&**id), upload));
        }
        let mut registered = self.register(check.call.method, claims);
        let (id, cancel) = (message.invocation_id.as_deref(), check.cancel.clone());
        let open = self.open.get_or_insert_default();
        match (check.call.mode, id) {
            (Mode::Plain, None) => {}
            (Mode::Plain, Some(id)) => registered.call = Some(open.add_call(id.into(), cancel)),
            (Mode::Streaming, id) => {
                let id: Arc<str> = id.unwrap_or_default().into();
                open.add_response(Arc::clone(&id), OpenResponse::Undecided(cancel));
                registered.response = Some(id);
            }
        }
        check.ended.registered = Some(registered);
    }
}
