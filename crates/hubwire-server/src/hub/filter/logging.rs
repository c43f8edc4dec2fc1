//! A filter that writes every call to the log.

use super::{Caller, HubFilter, HubInvocation, HubResult, InvocationResult, Next, NextHook};
use crate::connection::DisconnectReason;

/// Logs each call of a hub, and each connection, when it ends.
///
/// A line contains the hub, the method, the connection id, the duration of the call in
/// milliseconds, and whether it failed. It never contains an argument, a result or an error's text.
/// Lines are logged at DEBUG with the target `hubwire::calls`.
///
/// ```
/// use hubwire::filters::InvocationLogging;
/// use hubwire::{SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// let signalr = SignalR::builder().filter(InvocationLogging).build(); // for every hub
/// let chat = signalr.hub().build(ChatHub);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct InvocationLogging;

impl HubFilter for InvocationLogging {
    fn reads_arguments(&self) -> bool {
        false
    }

    fn reads_results(&self) -> bool {
        false
    }

    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let result = next.run(invocation).await;
        tracing::debug!(
            target: "hubwire::calls",
            hub = %invocation.hub_name(),
            method = invocation.method_name(),
            connection_id = %invocation.caller().connection_id(),
            milliseconds = invocation.elapsed().as_secs_f64() * 1e3,
            failed = result.is_err(),
            "hub method called"
        );
        result
    }

    async fn on_connected(&self, caller: &Caller, next: NextHook<'_>) -> HubResult {
        let hub = next.hub_name().clone();
        let result = next.run().await;
        let (id, failed) = (caller.connection_id(), result.is_err());
        tracing::debug!(target: "hubwire::calls", %hub, connection_id = %id, failed, "connected");
        result
    }

    async fn on_disconnected(
        &self,
        caller: &Caller,
        reason: &DisconnectReason,
        next: NextHook<'_>,
    ) -> HubResult {
        let hub = next.hub_name().clone();
        let result = next.run().await;
        let (id, failed) = (caller.connection_id(), result.is_err());
        tracing::debug!(
            target: "hubwire::calls",
            %hub,
            connection_id = %id,
            failed,
            reason = reason.to_string(),
            "disconnected"
        );
        result
    }
}
