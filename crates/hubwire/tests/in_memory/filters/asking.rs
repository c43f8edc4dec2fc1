//! Filters that invoke the caller.

use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::{HubError, HubResult};
use test_support::in_memory::*;

use super::FilteredHub;

/// A filter that invokes the caller before each call, which gives the call's slot back.
struct Asking;

impl HubFilter for Asking {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let caller = invocation.caller().clients().caller();
        match caller.invoke("Confirm", ("filter?",)).await? {
            true => next.run(invocation).await,
            false => Err(HubError::new("The caller does not want it")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_may_invoke_the_caller_like_a_method() {
    let server = TestServer::with(FilteredHub(Log::default()), |hub| hub.filter(Asking));
    let mut client = server.connect().await;
    client.on("Confirm", |(_,): (String,)| Ok(true));
    assert!(client.invoke_as::<bool>("Ask", ()).await.unwrap());
    client.on(
        "Confirm",
        |(question,): (String,)| Ok(question == "method?"),
    );
    let refused = client.invoke_as::<bool>("Ask", ()).await.unwrap_err();
    assert!(
        refused
            .text()
            .ends_with("HubException: The caller does not want it")
    );
    drop(client);
    server.leaves_nothing_behind().await;
}
