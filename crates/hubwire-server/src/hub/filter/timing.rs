//! A filter that measures every call.

use super::{HubFilter, HubInvocation, HubResult, InvocationResult, Next};
use crate::node::{INVOCATION_DURATION, record};

/// Records how long each call of a hub takes, from when it was received, in the histogram
/// `hubwire.invocation.duration`, in seconds.
///
/// Its labels are `hub`, `method` (as declared) and `outcome`: `completed` or `failed`. A method that streams is
/// measured until its stream begins.
///
/// ```
/// use hubwire::filters::InvocationMetrics;
/// use hubwire::{SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// let signalr = SignalR::new();
/// let chat = signalr.hub().filter(InvocationMetrics).build(ChatHub);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct InvocationMetrics;

impl HubFilter for InvocationMetrics {
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
        let outcome = match result {
            Ok(_) => "completed",
            Err(_) => "failed",
        };
        let (hub, method) = (invocation.hub_name(), invocation.method_name());
        record(|| {
            let labels = [
                hub.to_string().into(),
                method.to_owned().into(),
                outcome.into(),
            ];
            let histogram = INVOCATION_DURATION.histogram(&labels);
            histogram.record(invocation.elapsed());
        });
        result
    }
}
