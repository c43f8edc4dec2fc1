//! Errors and panics, of filters and of the methods that they run around.

use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next, NextHook};
use hubwire::{Caller, DisconnectReason, HubResult};
use serde_json::Value;
use test_support::in_memory::*;

use super::{Acting, FilteredHub, MASKED, Noting};

#[tokio::test(start_paused = true)]
async fn errors_and_panics_of_methods_and_filters_are_errors_to_the_filters_around_them() {
    let log = Log::default();
    let server = TestServer::with(FilteredHub(log.clone()), |hub| {
        hub.filter(Noting("outer", log.clone()))
            .filter(Acting(|invocation: &mut HubInvocation| {
                match invocation.method_name() {
                    "Wait" => panic!("filter panics"),
                    _ => Ok(None),
                }
            }))
            .filter(Noting("inner", log.clone()))
    });
    let mut client = server.connect().await;
    settle().await;
    log.take();
    for method in ["Fail", "Panic", "Wait"] {
        let error = client.invoke_as::<Value>(method, ()).await.unwrap_err();
        let masked = format!("An unexpected error occurred invoking '{method}' on the server.");
        assert_eq!(error.text(), masked);
    }
    let told = [
        "outer before Fail",
        "inner before Fail",
        "inner after Error: method boom",
        "outer after Error: method boom",
        "outer before Panic",
        "inner before Panic",
        "inner after Panic: method panics",
        "outer after Panic: method panics",
        "outer before Wait",
        "outer after Panic: filter panics",
    ];
    assert_eq!(log.take(), told);
    assert_eq!(client.invoke_as::<i32>("Double", (1,)).await.unwrap(), 2);
    drop(client);
    server.leaves_nothing_behind().await;
}

/// A value that panics when it is dropped.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic_any("a filter's value panics while it is dropped");
    }
}

struct Bombing(Arc<AtomicUsize>);

impl HubFilter for Bombing {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let _bomb = Bomb(Arc::clone(&self.0));
        next.run(invocation).await
    }

    async fn on_disconnected(
        &self,
        _: &Caller,
        _: &DisconnectReason,
        _: NextHook<'_>,
    ) -> HubResult {
        panic!("a filter panics when a connection has ended")
    }
}

#[tokio::test(start_paused = true)]
async fn drops_that_panic_end_one_call() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let server = TestServer::with(FilteredHub(Log::default()), |hub| {
        hub.filter(Bombing(Arc::clone(&dropped)))
            .filter(Bombing(Arc::clone(&dropped)))
    });
    let mut client = server.connect().await;
    let error = client.invoke_as::<i32>("Double", (1,)).await.unwrap_err();
    assert_eq!(error.text(), MASKED);
    assert_eq!(dropped.load(Ordering::Relaxed), 2);

    // A waiting call is dropped with its filters when its time is over.
    client.send("Wait", ()).await.unwrap();
    settle().await;
    drop(client);
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
    assert_eq!(dropped.load(Ordering::Relaxed), 4);
}
