//! Filters that invoke the caller more often than their call has slots.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use futures_util::future::join;
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use hubwire::testing::Received;
use hubwire::{Caller, HubResult};
use serde_json::json;
use test_support::in_memory::*;
use tokio::task::JoinSet;

use super::{FilteredHub, call};

/// Asks the caller twice while the method runs, and keeps it for later.
struct AskingAside(Arc<Mutex<Vec<Caller>>>);

impl HubFilter for AskingAside {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let caller = invocation.caller().clone();
        self.0.lock().unwrap().push(caller.clone());
        if invocation.method_name() != "Ask" {
            return next.run(invocation).await;
        }
        let clients = caller.clients();
        let aside = async {
            let (one, other) = join(
                clients.caller().invoke::<bool, _>("Confirm", ("one?",)),
                clients.caller().invoke::<bool, _>("Confirm", ("other?",)),
            )
            .await;
            Ok::<_, hubwire::HubError>(one? && other?)
        };
        let (result, confirmed) = join(next.run(invocation), aside).await;
        assert!(confirmed?);
        result
    }
}

#[tokio::test(start_paused = true)]
async fn one_slot_comes_back_once_however_often_its_filters_ask() {
    let kept = Arc::<Mutex<Vec<Caller>>>::default();
    let server = TestServer::with(FilteredHub, |hub| {
        hub.maximum_parallel_invocations_per_client(NonZeroUsize::MIN)
            .filter(AskingAside(Arc::clone(&kept)))
            .filter(AskingAside(Arc::clone(&kept)))
    });
    let mut client = server.connect().await;
    client.on("Confirm", |(_,): (String,)| Ok(true));
    for _ in 0..3 {
        assert!(client.invoke_as::<bool>("Ask", ()).await.unwrap());
    }
    // Of calls that have ended.
    let mut late = JoinSet::new();
    for caller in kept.lock().unwrap().drain(..) {
        late.spawn(async move {
            caller
                .clients()
                .caller()
                .invoke::<bool, _>("Confirm", ("late?",))
                .await
        });
    }
    call(&mut client, "wait", "Wait", json!([])).await;
    call(&mut client, "double", "Double", json!([4])).await;
    let heard = heard_within(&mut client, seconds(3)).await;
    let answers = |received: &&Received| matches!(received, Received::Message(message) if message["type"] == 3);
    assert_eq!(heard.iter().filter(answers).count(), 0, "{heard:?}");
    drop(client);
    kept.lock().unwrap().clear();
    pass(seconds(60)).await;
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
}
