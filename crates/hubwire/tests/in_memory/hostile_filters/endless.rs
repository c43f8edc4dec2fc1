//! Filters that never end, or end late.

use std::future::pending;

use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next, NextHook};
use hubwire::testing::{Received, TestClient};
use hubwire::{Caller, DisconnectReason, HubResult};
use serde_json::json;
use test_support::in_memory::*;

use super::{FilteredHub, call, completed, stream_of};

/// Waits before each call of one method, and then answers in its place.
struct Answering(&'static str, Gate);

impl HubFilter for Answering {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name() != self.0 {
            return next.run(invocation).await;
        }
        self.1.passed().await;
        invocation.result(&-1)
    }
}

#[tokio::test(start_paused = true)]
async fn items_that_wait_behind_a_filter_which_answers_in_the_methods_place() {
    let gate = Gate::closed();
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Answering("Sum", gate.clone()))
    });
    let mut client = server.connect().await;
    for round in 0..3 {
        let (id, stream) = (format!("sum {round}"), format!("s {round}"));
        client
            .send_record(&json!({"type": 1, "invocationId": id, "target": "Sum", "arguments": [1], "streamIds": [stream]}))
            .await
            .unwrap();
        for item in 0..30 {
            let item = json!({"type": 2, "invocationId": stream, "item": item});
            client.send_record(&item).await.unwrap();
        }
        client
            .send_record(&json!({"type": 3, "invocationId": stream}))
            .await
            .unwrap();
        call(&mut client, "double", "Double", json!([4])).await;
        settle().await;
        gate.open(1);
        assert_eq!(completed(&mut client, &id, 5).await["result"], -1);
        assert_eq!(completed(&mut client, "double", 5).await["result"], 8);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

/// Never ends, for calls of one method.
struct Endless(&'static str);

impl HubFilter for Endless {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name().starts_with(self.0) {
            pending::<()>().await;
        }
        next.run(invocation).await
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_cancelled_whose_filter_never_ends() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Endless("Count"))
            .cancelled_stream_timeout(seconds(5))
    });
    let mut client = server.connect().await;
    for (target, arguments, limit) in [("Count", json!([3]), 1), ("CountUntil", json!([]), 6)] {
        stream_of(&mut client, target, target, arguments).await;
        assert_silent(&mut client, seconds(1)).await;
        client
            .send_record(&json!({"type": 5, "invocationId": target}))
            .await
            .unwrap();
        let completion = completed(&mut client, target, limit).await;
        assert_eq!(completion, json!({"type": 3, "invocationId": target}));
    }
    call(&mut client, "double", "Double", json!([4])).await;
    assert_eq!(completed(&mut client, "double", 5).await["result"], 8);
    drop(client);
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_lost_while_filters_never_end() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Endless(""))
            .maximum_running_calls_per_client(100)
    });
    for _ in 0..3 {
        let mut client = server.connect().await;
        stream_of(&mut client, "1", "Count", json!([3])).await;
        stream_of(&mut client, "2", "CountUntil", json!([])).await;
        call(&mut client, "3", "Double", json!([3])).await;
        let upload = json!({"type": 1, "invocationId": "4", "target": "Sum", "arguments": [1], "streamIds": ["s"]});
        client.send_record(&upload).await.unwrap();
        settle().await;
        drop(client);
    }
    pass(seconds(60)).await;
    server.signalr.shutdown().await;
    server.leaves_nothing_behind().await;
}

/// Never ends in a hook.
struct EndlessHook {
    connected: bool,
}

impl HubFilter for EndlessHook {
    async fn on_connected(&self, _: &Caller, next: NextHook<'_>) -> HubResult {
        if self.connected {
            pending::<()>().await;
        }
        next.run().await
    }

    async fn on_disconnected(
        &self,
        _: &Caller,
        _: &DisconnectReason,
        next: NextHook<'_>,
    ) -> HubResult {
        if !self.connected {
            pending::<()>().await;
        }
        next.run().await
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_whose_filter_never_ends() {
    for connected in [true, false] {
        let server = TestServer::with(FilteredHub, |hub| hub.filter(EndlessHook { connected }));
        let client = server.connect().await;
        settle().await;
        drop(client);
        pass(seconds(60)).await;
        server.signalr.shutdown().await;
        server.leaves_nothing_behind().await;
    }
}

/// A hub that is there twice, and shut down while its filter thinks.
#[tokio::test(start_paused = true)]
async fn a_hub_that_is_mapped_twice_is_shut_down_during_a_filter() {
    let gate = Gate::closed();
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(Answering("Double", gate.clone()))
    });
    let again = server.hub.endpoint();
    let mut one = server.connect().await;
    let mut other = TestClient::connect(&again).await.unwrap();
    for client in [&mut one, &mut other] {
        call(client, "1", "Double", json!([4])).await;
        stream_of(client, "2", "CountUntil", json!([])).await;
    }
    settle().await;
    let opened = async {
        pass(seconds(1)).await;
        gate.open(2);
    };
    tokio::join!(server.signalr.shutdown(), opened);
    for client in [&mut one, &mut other] {
        let heard = heard_within(client, seconds(1)).await;
        assert_eq!(heard.last(), Some(&Received::Lost), "{heard:?}");
    }
    drop((one, other));
    server.leaves_nothing_behind().await;
}
