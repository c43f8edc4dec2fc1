//! The recorded filters, which tell the caller about their calls and hooks.

use futures_util::stream;
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next, NextHook};
use hubwire::{Caller, DisconnectReason, HubError, HubResult};
use serde_json::Value;

/// Tells the caller before and after each call or hook, which shows the order on the wire.
pub(crate) struct TellingFilter {
    pub(crate) name: &'static str,
    pub(crate) acts: Acts,
}

/// What a filter does besides telling the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acts {
    Never,
    /// Does what the method's name says.
    OnCalls,
    /// Like `OnCalls`, and refuses all connections.
    OnCallsAndRefusesConnections,
    /// Prevents the hub's hook for new connections from running.
    BySilence,
}

impl TellingFilter {
    async fn act(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let method = invocation.method_name().to_owned();
        match &*method {
            "ShortCircuit" => return invocation.result("short"),
            "StreamShortCircuit" => return invocation.result(&()),
            "ThrowBefore" | "StreamThrowBefore" => return Err(HubError::new("filter says no")),
            "ThrowPlainBefore" => return Err(HubError::hidden("filter boom")),
            "Replace" => invocation.replace_argument(0, "replaced")?,
            "WrongCount" => invocation.replace_argument(1, "one too many")?,
            "WrongType" => invocation.replace_argument(0, &5)?,
            _ => {}
        }
        let result = next.run(invocation).await;
        match (&*method, result) {
            ("WrongResult", Ok(_)) => invocation.result("not a number"),
            ("NullResult", Ok(_)) => invocation.result(&()),
            ("VoidWithResult", Ok(_)) => invocation.result("something"),
            ("ThrowAfter", Ok(_)) => Err(HubError::new("filter says no afterwards")),
            ("StreamReplaced", Ok(_)) => Ok(invocation.stream_result(stream::iter(0..1))),
            ("Swallow", Err(error)) => {
                invocation.result(&format!("swallowed {}", error.type_name()))
            }
            ("Rethrow", Err(error)) => Err(HubError::new(format!("rethrown: {error}"))),
            (_, result) => result,
        }
    }

    fn tells_calls_apart(&self) -> bool {
        matches!(
            self.acts,
            Acts::OnCalls | Acts::OnCallsAndRefusesConnections
        )
    }
}

impl HubFilter for TellingFilter {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let positions = 0..invocation.argument_count();
        let arguments: Result<Vec<Value>, _> = positions
            .map(|position| invocation.argument(position))
            .collect();
        let caller = invocation.caller().clients().caller();
        let before = (self.name, "before", invocation.method_name(), arguments?);
        caller.send("Filter", before).await?;
        let result = match self.tells_calls_apart() {
            true => self.act(invocation, next).await?,
            false => next.run(invocation).await?,
        };
        let told = match result.decode::<Value>() {
            Ok(Value::Null) => "null".into(),
            Ok(value) if value.is_string() || value.is_number() || value.is_boolean() => value,
            _ => "an object".into(),
        };
        caller.send("Filter", (self.name, "after", &told)).await?;
        match result.decode::<String>() {
            Ok(text) => invocation.result(&format!("{}({text})", self.name)),
            Err(_) => Ok(result),
        }
    }

    async fn on_connected(&self, caller: &Caller, next: NextHook<'_>) -> HubResult {
        let client = caller.clients().caller();
        client.send("Filter", (self.name, "connecting")).await?;
        match self.acts {
            Acts::OnCallsAndRefusesConnections => return Err(HubError::new("filter says no")),
            Acts::BySilence => {}
            Acts::Never | Acts::OnCalls => next.run().await?,
        }
        Ok(client.send("Filter", (self.name, "connected")).await?)
    }

    async fn on_disconnected(
        &self,
        caller: &Caller,
        reason: &DisconnectReason,
        next: NextHook<'_>,
    ) -> HubResult {
        let others = caller.clients().others();
        let error = reason.error().map(|(kind, _)| kind);
        others
            .send("Filter", (self.name, "disconnecting", error))
            .await?;
        next.run().await?;
        Ok(others.send("Filter", (self.name, "disconnected")).await?)
    }
}
