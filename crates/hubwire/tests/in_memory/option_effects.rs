//! What options of a hub do that are not already the subject of other tests.

use std::num::NonZeroUsize;

use futures_util::stream;
use hubwire::protocol::HubProtocol;
use hubwire::testing::Received;
use hubwire::{
    CancellationToken, GroupError, HubCallerContext, HubResult, Naming, Stream, StreamReader, hub,
    hub_client,
};
use serde::Serialize;
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::time::{Instant, timeout};

#[derive(Serialize)]
struct Person {
    first_name: &'static str,
}

#[hub_client]
trait AskedClient {
    fn confirm(&self) -> bool;
}

struct EffectsHub;

#[hub(client = AskedClient)]
impl EffectsHub {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub fn person(&self) -> Person {
        Person { first_name: "Ada" }
    }

    pub async fn join(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult<bool> {
        match cx.groups().add(cx.connection_id(), group).await {
            Ok(()) => Ok(true),
            Err(GroupError::NameTooLong { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn ask(&self, cx: &HubCallerContext<Self>) -> HubResult<bool> {
        Ok(cx.clients().caller().confirm().await?)
    }

    /// Ignores its token.
    pub fn hold(&self, _cancel: CancellationToken) -> impl Stream<Item = u32> {
        stream::pending()
    }

    pub async fn read_nothing(&self, items: StreamReader<u32>) {
        std::future::pending::<()>().await;
        drop(items);
    }
}

#[tokio::test(start_paused = true)]
async fn client_timeout_interval() {
    let server = TestServer::with(EffectsHub, |hub| hub.client_timeout_interval(seconds(5)));
    let mut client = server.connect().await;
    let began = Instant::now();
    ping(&mut client).await;
    assert_eq!(message(&mut client).await["type"], 7);
    assert_elapsed(began, 5.0..=6.1);
}

#[tokio::test(start_paused = true)]
async fn maximum_receive_message_size() {
    let server = TestServer::with(EffectsHub, |hub| hub.maximum_receive_message_size(200));
    let mut client = server.connect().await;
    let echoed = client.invoke("Echo", ("x".repeat(100),)).await;
    assert_eq!(echoed, Ok(json!("x".repeat(100))));
    client.start("Echo", ("x".repeat(200),)).await.unwrap();
    assert_eq!(message(&mut client).await["type"], 7);

    let server = TestServer::with(EffectsHub, |hub| hub.maximum_receive_message_size(None));
    let mut client = server.connect().await;
    let long = "x".repeat(40_000);
    assert_eq!(client.invoke("Echo", (&long,)).await, Ok(json!(long)));
}

#[tokio::test(start_paused = true)]
async fn supported_protocols() {
    let server = TestServer::with(EffectsHub, |hub| {
        hub.supported_protocols([HubProtocol::MessagePack])
    });
    let mut client = server.open();
    let handshake = json!({"protocol": "json", "version": 1});
    client.send_record(&handshake).await.unwrap();
    let refusal = json!({"error": "The protocol 'json' is not supported."});
    assert_eq!(next(&mut client).await, Received::Message(refusal));
}

#[tokio::test(start_paused = true)]
async fn naming() {
    for (naming, expected) in [
        (Naming::AsDeclared, json!({"first_name": "Ada"})),
        (Naming::DotNet, json!({"firstName": "Ada"})),
    ] {
        let server = TestServer::with(EffectsHub, |hub| hub.naming(naming));
        let mut client = server.connect().await;
        assert_eq!(client.invoke("Person", ()).await, Ok(expected));
    }
}

/// How many items a client can upload before nothing behind them is read.
async fn items_that_wait(capacity: usize) -> usize {
    let server = TestServer::with(EffectsHub, |hub| {
        hub.stream_buffer_capacity(NonZeroUsize::new(capacity).unwrap())
    });
    let mut client = server.connect().await;
    let call = json!({"type": 1, "target": "ReadNothing", "arguments": [], "streamIds": ["s"]});
    client.send_record(&call).await.unwrap();
    let mut items = 0;
    loop {
        let item = json!({"type": 2, "invocationId": "s", "item": 1});
        client.send_record(&item).await.unwrap();
        // A call that cannot be bound is completed at once, ahead of the one that runs.
        let behind = client.invoke("Nothing", ());
        if timeout(seconds(1), behind).await.is_err() {
            return items;
        }
        items += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn stream_buffer_capacity() {
    assert_eq!(items_that_wait(2).await, 2);
    assert_eq!(items_that_wait(5).await, 5);
}

#[tokio::test(start_paused = true)]
async fn cancelled_stream_timeout() {
    let server = TestServer::with(EffectsHub, |hub| hub.cancelled_stream_timeout(seconds(3)));
    let mut client = server.connect().await;
    let call = json!({"type": 4, "invocationId": "s", "target": "Hold", "arguments": []});
    client.send_record(&call).await.unwrap();
    let began = Instant::now();
    let cancel = json!({"type": 5, "invocationId": "s"});
    client.send_record(&cancel).await.unwrap();
    assert_eq!(client.completion("s").await, Ok(Value::Null));
    assert_elapsed(began, 3.0..=3.1);
}

#[tokio::test(start_paused = true)]
async fn client_result_timeout() {
    let server = TestServer::with(EffectsHub, |hub| hub.client_result_timeout(seconds(4)));
    let mut client = server.connect().await;
    let began = Instant::now();
    let id = client.start("Ask", ()).await.unwrap();
    assert!(client.completion(&id).await.is_err());
    assert_elapsed(began, 4.0..=4.1);
}

#[tokio::test(start_paused = true)]
async fn maximum_group_name_size() {
    let server = TestServer::with(EffectsHub, |hub| hub.maximum_group_name_size(3));
    let mut client = server.connect().await;
    for (group, joins) in [("abc", true), ("abcd", false)] {
        let joined = client.invoke("Join", (group,)).await;
        assert_eq!(joined, Ok(json!(joins)), "{group}");
    }
}
