//! Filters that panic around calls and streams which hold values that panic when they are dropped.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;

use futures_util::{StreamExt, stream};
use hubwire::HubResult;
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next};
use serde_json::{Value, json};
use test_support::in_memory::*;

use super::{Bomb, FilteredHub, Passing, completed, stream_of};

/// Begins the rest of the call, and panics while that waits.
struct PanickingAround;

impl HubFilter for PanickingAround {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name() == "Double" {
            return next.run(invocation).await;
        }
        let mut rest = pin!(next.run(invocation));
        let begun = poll_fn(|cx| Poll::Ready(rest.as_mut().poll(cx).is_ready())).await;
        assert!(begun, "it waits");
        rest.await
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_panics_around_a_method_that_holds_a_bomb() {
    let server = TestServer::with(FilteredHub, |hub| {
        hub.filter(PanickingAround)
            .filter(PanickingAround)
            .filter(Passing)
    });
    let mut client = server.connect().await;
    for _ in 0..3 {
        let ended = client.invoke_as::<Value>("WaitWithABomb", ()).await;
        let text = "An unexpected error occurred invoking 'WaitWithABomb' on the server.";
        assert_eq!(ended.unwrap_err().text(), text);
        assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}

/// Returns streams of its own, and holds a bomb while it waits for ever.
struct Streaming;

impl HubFilter for Streaming {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        if invocation.method_name() != "Count" {
            return next.run(invocation).await;
        }
        match invocation.argument::<u32>(0)? {
            0 => {
                let _bomb = Bomb;
                pending().await
            }
            1 => {
                let bomb = Bomb;
                Ok(
                    invocation.stream_result(stream::pending::<u32>().inspect(move |_| {
                        let _bomb = &bomb;
                    })),
                )
            }
            2 => Ok(
                invocation.stream_result(stream::poll_fn(|_| -> Poll<Option<u32>> {
                    panic!("a stream of a filter's panics")
                })),
            ),
            _ => {
                let stream = next.run(invocation).await?;
                let _bomb = Bomb;
                Ok(stream)
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn streams_of_filters_with_bombs() {
    let server = TestServer::with(FilteredHub, |hub| hub.filter(Passing).filter(Streaming));
    let mut client = server.connect().await;
    for kind in 0..4 {
        stream_of(&mut client, "s", "Count", json!([kind])).await;
        settle().await;
        client
            .send_record(&json!({"type": 5, "invocationId": "s"}))
            .await
            .unwrap();
        completed(&mut client, "s", 1).await;
        assert_eq!(client.invoke_as::<i32>("Double", (4,)).await.unwrap(), 8);
    }
    drop(client);
    server.leaves_nothing_behind().await;
}
