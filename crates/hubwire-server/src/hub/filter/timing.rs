//! A filter that measures what is inside of it.

use tokio::time::Instant;

use super::{HubFilter, HubInvocation, HubResult, InvocationResult, Next};
use crate::node::{INVOCATION_INNER_DURATION, record};

/// Records how long the method and the filters inside of this one take, in the histogram
/// `hubwire.invocation.inner.duration`, in seconds.
///
/// Its labels are `hub`, `method` (as declared) and `outcome`: `completed` or `failed`. A method that streams is
/// measured until its stream begins.
///
/// Every server records the whole duration of calls as `hubwire.invocation.duration`, so this is only needed to tell the
/// time of outer filters from that of inner ones.
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
        let begun = Instant::now();
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
            let histogram = INVOCATION_INNER_DURATION.histogram(&labels);
            histogram.record(begun.elapsed());
        });
        result
    }
}
