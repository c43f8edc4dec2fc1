//! A policy that decides about a call, in the place of the call's method.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::future::BoxFuture;
use hubwire_protocol::{Invocation as Message, RawItem};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::held_upload::{HeldItems, HeldUpload};
use super::invoke::Incoming;
use super::running::Ended;
use crate::connection::Principal;
use crate::hub::{CallOutcome, CallSlot, Caller, HubError, HubRuntime, Policy, PolicyContext};
use crate::node::{EnabledSpan, Guarded, InSpan};

/// A call about which a policy decides. Nothing of its method has run.
pub(crate) struct PolicyCheck {
    pub(crate) hub: Arc<HubRuntime>,
    pub(super) call: Incoming,
    pub(super) message: Arc<Message<'static>>,
    /// Who is to be decided about.
    pub(super) user: Principal,
    /// The span, which is disabled until the policy is asked, becomes that of the method.
    pub(super) run: InSpan<BoxFuture<'static, Option<Result<bool, HubError>>>>,
    /// Fires when the client cancels the call.
    pub(super) cancel: CancellationToken,
    pub(super) slot: Arc<CallSlot>,
    /// The streams that the client sends with the call, by their positions.
    pub(super) held: Vec<Arc<HeldUpload>>,
    pub(super) ended: Ended,
    /// False while the call waits for its slot, and when the policy has decided.
    pub(super) is_running: bool,
}

/// A call about which a policy has decided.
pub(crate) struct Decided {
    pub(super) message: Arc<Message<'static>>,
    pub(super) call: Incoming,
    pub(super) verdict: Verdict,
    pub(super) span: EnabledSpan,
    pub(super) held: Vec<HeldItems>,
    pub(super) ended: Ended,
}

pub(super) enum Verdict {
    Allowed,
    Refused,
    Failed(HubError),
    /// The client has cancelled the call.
    Cancelled,
}

impl PolicyCheck {
    /// Prepares the check of a call.
    pub(super) fn new(
        hub: &Arc<HubRuntime>,
        caller: &Caller,
        user: &Principal,
        policy: &Policy,
        (message, call): (Arc<Message<'static>>, Incoming),
    ) -> Self {
        let slot = Arc::new(CallSlot::new(Arc::clone(caller.connection())));
        let caller = caller.in_scope(Arc::clone(&slot) as _);
        let method = hub.service().method_name(call.method);
        let arguments = policy.reads_arguments().then(|| kept_arguments(&message));
        let cx = PolicyContext::of_call(user.clone(), caller, method, arguments);
        let cancel = CancellationToken::new();
        let (cancelled, policy) = (cancel.clone(), policy.clone());
        let run = async move {
            let decision = policy.check_all(&cx);
            cancelled.run_until_cancelled(decision).await
        };
        Self {
            hub: Arc::clone(hub),
            call,
            message,
            user: user.clone(),
            run: InSpan::new(Guarded::new(Box::pin(run)), EnabledSpan::default()),
            cancel,
            slot,
            held: Vec::new(),
            ended: Ended::default(),
            is_running: false,
        }
    }
}

/// Returns the arguments as the client sent them; none if they are no list.
fn kept_arguments(message: &Message<'_>) -> Vec<RawItem<'static>> {
    let items = message.arguments.items().unwrap_or_default();
    items.into_iter().map(RawItem::into_owned).collect()
}

impl Future for PolicyCheck {
    type Output = Box<Decided>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<Decided>> {
        let this = self.get_mut();
        let verdict = match ready!(this.run.poll_with(|run| run.as_mut().poll(cx))) {
            Ok(None) => Verdict::Cancelled,
            Ok(Some(Ok(true))) => Verdict::Allowed,
            Ok(Some(Ok(false))) => Verdict::Refused,
            Ok(Some(Err(error))) => Verdict::Failed(error),
            Err(panic) => Verdict::Failed(HubError::panicked(panic)),
        };
        this.is_running = false;
        Poll::Ready(Box::new(Decided {
            message: Arc::clone(&this.message),
            call: this.call,
            verdict,
            span: this.run.take_span(),
            held: this.held.iter().map(|it| it.close()).collect(),
            ended: mem::take(&mut this.ended),
        }))
    }
}

impl Drop for PolicyCheck {
    fn drop(&mut self) {
        if self.is_running {
            let Incoming {
                method, read_at, ..
            } = self.call;
            let outcome = CallOutcome::Cancelled;
            self.hub
                .call_ended(method, read_at, Instant::now(), outcome);
        }
    }
}
