//! Hub filters: code around the calls and hooks of hubs.

mod filtered_hub;
mod invocation;
mod logging;
mod next;
mod refused_call;
mod timing;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_core::future::BoxFuture;

pub(crate) use filtered_hub::FilteredHub;
pub use invocation::{HubInvocation, InvocationResult};
pub use logging::InvocationLogging;
pub use next::{Next, NextHook};
pub use refused_call::{RefusalReason, RefusedCall};
pub use timing::InvocationMetrics;

use super::{Caller, HubResult};
use crate::connection::DisconnectReason;

/// Code that runs around the methods and hooks of hubs, as middleware does around HTTP handlers.
///
/// This is ASP.NET Core's `IHubFilter`. A filter is added to one hub
/// ([`HubBuilder::filter`](crate::HubBuilder::filter)) or to all hubs of a server
/// ([`SignalRBuilder::filter`](crate::SignalRBuilder::filter)). The server's filters come first,
/// then the hub's, each in the order in which they were added. The first filter is the outermost.
///
/// Every method has a default that only calls the next filter.
///
/// ```
/// use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
/// use hubwire::{HubError, HubResult, SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {
///     pub async fn send(&self, text: String) -> usize {
///         text.len()
///     }
/// }
///
/// struct NoShouting;
///
/// impl HubFilter for NoShouting {
///     async fn invoke(
///         &self,
///         invocation: &mut HubInvocation,
///         next: Next<'_>,
///     ) -> HubResult<InvocationResult> {
///         let text: String = invocation.argument(0)?;
///         if text.ends_with("!!!") {
///             return Err(HubError::new("There is no need to shout"));
///         }
///         invocation.replace_argument(0, text.trim())?;
///         next.run(invocation).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use hubwire::testing::TestClient;
///
/// let chat = SignalR::new().hub().filter(NoShouting).build(ChatHub);
/// let mut ann = TestClient::connect(&chat.endpoint()).await?;
/// assert_eq!(ann.invoke_as::<usize>("Send", (" hello ",)).await?, 5);
/// assert!(ann.invoke_as::<usize>("Send", ("HELLO!!!",)).await.is_err());
/// # Ok(())
/// # }
/// ```
///
/// # What filters see
///
/// - Calls of existing methods by users who may call them (`#[authorize]`), with arguments that
///   fit. [`HubFilter::refused`] is told of other calls, unless their client cancels them while a
///   policy decides.
/// - The arguments as the client sent them, without the method's `StreamReader`s and
///   `CancellationToken`.
/// - The result as it is sent to the client. A streaming method returns when its stream begins.
///   Filters do not see its items.
///
/// # Errors and panics
///
/// An error of a filter is treated as an error of the method:
/// [`HubError::new`](crate::HubError::new) is shown to the caller, every other error is hidden and
/// logged. A panic ends the call with a hidden error, which the outer filters receive.
pub trait HubFilter: Send + Sync + 'static {
    /// Returns whether [`HubFilter::invoke`] reads or replaces arguments. Default: `true`.
    ///
    /// If no filter of a hub does, the arguments of its calls are not copied, and
    /// [`HubInvocation::argument`] fails.
    fn reads_arguments(&self) -> bool {
        true
    }

    /// Returns whether [`HubFilter::invoke`] reads the results of calls without a response (`send`
    /// in the official clients). Default: `true`.
    ///
    /// If no filter of a hub does, these results are not encoded, and [`InvocationResult::decode`]
    /// fails.
    fn reads_results(&self) -> bool {
        true
    }

    /// Runs around a call.
    ///
    /// A filter that does not run `next` responds in the method's place, with an error or with
    /// [`HubInvocation::result`].
    ///
    /// # Errors
    ///
    /// Returns the error that the caller receives instead of a result.
    ///
    /// # Cancellation
    ///
    /// The future is dropped when the method's would be: when the caller cancels a stream whose
    /// method takes no [`CancellationToken`](tokio_util::sync::CancellationToken), and when a
    /// shutdown's grace period is over.
    fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> impl Future<Output = HubResult<InvocationResult>> + Send {
        next.run(invocation)
    }

    /// Is told of a call that is refused before it reaches a method: the method does not exist, the
    /// user may not call it, a policy that was to decide about it has failed, or the arguments do
    /// not fit.
    ///
    /// [`HubFilter::invoke`] does not see such a call. Runs in the task of the connection, so it
    /// must not block.
    fn refused(&self, call: &RefusedCall<'_>) {
        let _ = call;
    }

    /// Runs around the hub's `on_connected`.
    ///
    /// If a filter does not run `next`, the hook does not run, but the connection stays open.
    ///
    /// # Errors
    ///
    /// An error closes the connection, as an error of the hook does.
    fn on_connected(
        &self,
        caller: &Caller,
        next: NextHook<'_>,
    ) -> impl Future<Output = HubResult> + Send {
        let _ = caller;
        next.run()
    }

    /// Runs around the hub's `on_disconnected`.
    ///
    /// # Errors
    ///
    /// An error is logged, as an error of the hook is.
    fn on_disconnected(
        &self,
        caller: &Caller,
        reason: &DisconnectReason,
        next: NextHook<'_>,
    ) -> impl Future<Output = HubResult> + Send {
        let _ = (caller, reason);
        next.run()
    }
}

/// Filters in the order in which they were added.
#[derive(Clone, Default)]
pub(crate) struct Filters(Vec<Arc<dyn AnyHubFilter>>);

impl Filters {
    pub(crate) fn push(&mut self, filter: impl HubFilter) {
        self.0.push(Arc::new(filter));
    }

    pub(crate) fn followed_by(&self, others: &Self) -> Self {
        Self([&*self.0, &*others.0].concat())
    }
}

impl fmt::Debug for Filters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filters").field(&self.0.len()).finish()
    }
}

/// An object-safe [`HubFilter`].
trait AnyHubFilter: Send + Sync {
    fn reads_arguments(&self) -> bool;

    fn reads_results(&self) -> bool;

    fn invoke<'a>(
        &'a self,
        invocation: &'a mut HubInvocation,
        next: Next<'a>,
    ) -> BoxFuture<'a, HubResult<InvocationResult>>;

    fn refused(&self, call: &RefusedCall<'_>);

    fn on_connected<'a>(
        &'a self,
        caller: &'a Caller,
        next: NextHook<'a>,
    ) -> BoxFuture<'a, HubResult>;

    fn on_disconnected<'a>(
        &'a self,
        caller: &'a Caller,
        reason: &'a DisconnectReason,
        next: NextHook<'a>,
    ) -> BoxFuture<'a, HubResult>;
}

impl<F: HubFilter> AnyHubFilter for F {
    fn reads_arguments(&self) -> bool {
        HubFilter::reads_arguments(self)
    }

    fn reads_results(&self) -> bool {
        HubFilter::reads_results(self)
    }

    fn invoke<'a>(
        &'a self,
        invocation: &'a mut HubInvocation,
        next: Next<'a>,
    ) -> BoxFuture<'a, HubResult<InvocationResult>> {
        Box::pin(HubFilter::invoke(self, invocation, next))
    }

    fn refused(&self, call: &RefusedCall<'_>) {
        HubFilter::refused(self, call);
    }

    fn on_connected<'a>(
        &'a self,
        caller: &'a Caller,
        next: NextHook<'a>,
    ) -> BoxFuture<'a, HubResult> {
        Box::pin(HubFilter::on_connected(self, caller, next))
    }

    fn on_disconnected<'a>(
        &'a self,
        caller: &'a Caller,
        reason: &'a DisconnectReason,
        next: NextHook<'a>,
    ) -> BoxFuture<'a, HubResult> {
        Box::pin(HubFilter::on_disconnected(self, caller, reason, next))
    }
}
