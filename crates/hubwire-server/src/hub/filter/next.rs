//! The rest of a call or a hook inside a filter: the inner filters, and the method or hook itself.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use hubwire_core::HubName;
use hubwire_protocol::RawArguments;

use super::invocation::{Encoding, Outcome};
use super::{AnyHubFilter, HubInvocation, InvocationResult};
use crate::connection::DisconnectReason;
use crate::hub::{
    CallFuture, Caller, HubCall, HubError, HubResult, HubService, Reply, ReplyKind, Resources,
    ResultWriter,
};
use crate::node::{Guarded, guarded};

/// The inner filters and the method, to be run at most once.
///
/// ```compile_fail,E0382
/// use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
/// use hubwire::HubResult;
///
/// struct Twice;
///
/// impl HubFilter for Twice {
///     async fn invoke(
///         &self,
///         invocation: &mut HubInvocation,
///         next: Next<'_>,
///     ) -> HubResult<InvocationResult> {
///         next.run(invocation).await?;
///         next.run(invocation).await // `next` has been used
///     }
/// }
/// ```
pub struct Next<'a> {
    pub(super) filters: &'a [Arc<dyn AnyHubFilter>],
    pub(super) method: &'a mut FilteredMethod,
}

impl Next<'_> {
    /// Runs the call and returns its result.
    ///
    /// # Errors
    ///
    /// Returns the error of the method or of an inner filter. A panic becomes an error too.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the method at its current `await`.
    pub async fn run(self, invocation: &mut HubInvocation) -> HubResult<InvocationResult> {
        match self.filters.split_first() {
            Some((filter, filters)) => {
                let method = self.method;
                run_guarded(|| filter.invoke(invocation, Next { filters, method })).await
            }
            None => self.method.call(invocation).await,
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("filters", &self.filters.len())
            .finish_non_exhaustive()
    }
}

/// The inner filters and the hub's hook, to be run at most once.
pub struct NextHook<'a> {
    pub(super) hub: &'a HubName,
    pub(super) filters: &'a [Arc<dyn AnyHubFilter>],
    pub(super) service: &'a dyn HubService,
    pub(super) caller: &'a Caller,
    pub(super) hook: Hook<'a>,
}

/// Which of a hub's hooks runs.
#[derive(Clone, Copy)]
pub(super) enum Hook<'a> {
    Connected,
    Disconnected(&'a DisconnectReason),
}

impl NextHook<'_> {
    /// Returns the hub's name, see [`HubBuilder::name`](crate::HubBuilder::name).
    #[must_use]
    pub fn hub_name(&self) -> &HubName {
        self.hub
    }

    /// Runs the hook.
    ///
    /// # Errors
    ///
    /// Returns the error of the hook or of an inner filter. A panic becomes an error too.
    pub async fn run(self) -> HubResult {
        let (caller, hook) = (self.caller, self.hook);
        let Some((filter, filters)) = self.filters.split_first() else {
            let (service, caller) = (self.service, caller.clone());
            return match hook {
                Hook::Connected => run_guarded(|| service.on_connected(caller)).await,
                Hook::Disconnected(reason) => {
                    run_guarded(|| service.on_disconnected(caller, reason.clone())).await
                }
            };
        };
        let next = NextHook { filters, ..self };
        match hook {
            Hook::Connected => run_guarded(|| filter.on_connected(caller, next)).await,
            Hook::Disconnected(reason) => {
                run_guarded(|| filter.on_disconnected(caller, reason, next)).await
            }
        }
    }
}

impl fmt::Debug for NextHook<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextHook")
            .field("filters", &self.filters.len())
            .finish_non_exhaustive()
    }
}

/// Runs a filter or a hook. A panic becomes an error, which the outer filters receive.
async fn run_guarded<'a, T>(start: impl FnOnce() -> BoxFuture<'a, HubResult<T>>) -> HubResult<T> {
    let mut run = match guarded(start) {
        Ok(run) => Guarded::new(run),
        Err(panic) => return Err(HubError::panicked(panic)),
    };
    let ended = poll_fn(|cx| run.poll_with(|run| run.as_mut().poll(cx))).await;
    ended.unwrap_or_else(|panic| Err(HubError::panicked(panic)))
}

/// A hub method inside its filters.
pub(super) struct FilteredMethod {
    pub(super) service: Arc<dyn HubService>,
    pub(super) method: usize,
    pub(super) caller: Caller,
    pub(super) encoding: Encoding,
    /// The method, bound to the arguments that the client sent.
    pub(super) bound: Option<Reply>,
    /// The resources to bind the method again if a filter replaces an argument; `None` if no filter
    /// can.
    pub(super) resources: Option<Resources>,
    /// Whether the client gets a response, or a filter reads it.
    pub(super) is_result_read: bool,
}

impl FilteredMethod {
    async fn call(&mut self, invocation: &HubInvocation) -> HubResult<InvocationResult> {
        let reply = match invocation.replaced_arguments() {
            None => self.bound.take(),
            Some(arguments) => Some(self.bind_again(&arguments?, invocation)?),
        };
        let Some(reply) = reply else {
            return Err(HubError::hidden("the method has been called before"));
        };
        match reply.0 {
            ReplyKind::Call(call) => run(call, self.encoding, self.is_result_read).await,
            ReplyKind::Stream(start) => Ok(InvocationResult(Outcome::Stream(start))),
            ReplyKind::UnknownMethod => Err(HubError::hidden("the method no longer exists")),
        }
    }

    /// Binds the method to the replaced arguments. Arguments that do not fit are an error of the
    /// call.
    fn bind_again(
        &mut self,
        arguments: &RawArguments<'_>,
        invocation: &HubInvocation,
    ) -> HubResult<Reply> {
        // Releases the streams and the token of the call, which the next binding takes.
        drop(self.bound.take());
        let Some(resources) = &self.resources else {
            return Err(HubError::hidden("no filter reads arguments"));
        };
        let call = HubCall {
            caller: &self.caller,
            headers: invocation.headers(),
            arguments,
            resources,
            is_answered: self.is_result_read,
        };
        Ok(self.service.bind(self.method, call)?)
    }
}

/// Runs the method. A panic becomes an error of the call, which filters receive.
async fn run(
    mut call: Guarded<Pin<Box<dyn CallFuture>>>,
    encoding: Encoding,
    is_result_read: bool,
) -> HubResult<InvocationResult> {
    let Encoding { protocol, naming } = encoding;
    let mut kept = None;
    let ended = poll_fn(|cx| {
        let mut result = match is_result_read {
            true => ResultWriter::kept(protocol, naming, &mut kept),
            false => ResultWriter::discarded(protocol, naming),
        };
        call.poll_with(|call| call.as_mut().poll_call(cx, &mut result))
    })
    .await;
    ended.unwrap_or_else(|panic| Err(HubError::panicked(panic)))?;
    Ok(InvocationResult(
        kept.map_or(Outcome::Unread, Outcome::Value),
    ))
}
