//! Pulled clients that come, leave, return and end on several threads receive their messages and
//! leave nothing behind.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, stream};
use hubwire::backplane::InProcessFarm;
use hubwire::testing::{PulledTransport, Received, TestClient};
use hubwire::{HubCallerContext, HubResult, SignalR, StreamReader, hub, hub_client};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

type PulledClient = TestClient<PulledTransport>;
type Node = Arc<TestServer<ChurnHub>>;

#[hub_client]
trait ChurnClient {
    fn text(&self, number: usize, text: &str);
    fn ask(&self) -> i32;
}

struct ChurnHub;

#[hub(client = ChurnClient)]
impl ChurnHub {
    pub async fn join(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups().add(cx.connection_id(), "tea").await?;
        Ok(())
    }

    pub async fn asked(&self, cx: &HubCallerContext<Self>) -> HubResult<i32> {
        Ok(cx.clients().caller().ask().await?)
    }

    pub fn items(&self, count: i32) -> impl Stream<Item = i32> {
        stream::iter(0..count)
    }

    pub async fn sum(&self, mut numbers: StreamReader<i32>) -> HubResult<i32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }
}

fn node(signalr: SignalR) -> Node {
    let mut node = TestServer::on(signalr, ChurnHub, |options| options);
    // A vanished client does not fetch its Close message, which a shutdown waits for.
    let close_timeout = Duration::from_millis(200);
    node.endpoint = node.endpoint.web_socket_close_timeout(close_timeout);
    Arc::new(node)
}

fn pair() -> [Node; 2] {
    let farm = InProcessFarm::new();
    [(); 2].map(|()| node(SignalR::builder().backplane(farm.node()).build()))
}

fn keep_broadcasting(nodes: &[Node]) -> JoinSet<()> {
    let contexts: Vec<_> = nodes.iter().map(|node| node.context()).collect();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        for number in 0.. {
            for context in &contexts {
                let clients = context.clients();
                clients.all().text(number, "to all").await.unwrap();
                clients.group("tea").text(number, "to some").await.unwrap();
            }
            pass(Duration::from_micros(500)).await;
        }
    });
    sender
}

async fn complete(client: &mut PulledClient, id: &str, expected: Value) -> io::Result<()> {
    let completion = client.completion(id).await;
    assert_eq!(completion.map_err(io::Error::other)?, expected);
    Ok(())
}

/// Returns the next message with this property.
async fn message_with(client: &mut PulledClient, key: &str, value: Value) -> io::Result<Value> {
    loop {
        match client.receive().await? {
            Received::Message(message) if message[key] == value => return Ok(message),
            Received::Message(_) => {}
            end => return Err(io::Error::other(format!("{end:?}"))),
        }
    }
}

/// Calls a method that invokes the client for a result while it is away.
async fn is_asked(client: &mut PulledClient) -> io::Result<()> {
    let id = client.start("Asked", ()).await?;
    let ask = message_with(client, "target", "Ask".into()).await?;
    client.leave();
    let answer = json!({"type": 3, "invocationId": ask["invocationId"], "result": 5});
    client.send_record(&answer).await?;
    client.come_back();
    complete(client, &id, 5.into()).await
}

/// Receives a stream, with short absences.
async fn takes_a_stream(client: &mut PulledClient) -> io::Result<()> {
    let call = json!({"type": 4, "invocationId": "s", "target": "Items", "arguments": [300]});
    client.send_record(&call).await?;
    for number in 0..300 {
        let item = message_with(client, "type", 2.into()).await?;
        assert_eq!(item["item"], number);
        if number % 7 == 0 {
            client.leave();
            client.come_back();
        }
    }
    complete(client, "s", Value::Null).await
}

/// Sends a stream, unless it vanishes in the middle.
async fn sends_a_stream(client: &mut PulledClient, vanishes: bool) -> io::Result<()> {
    let call = json!({"type": 1, "invocationId": "u", "target": "Sum", "arguments": [], "streamIds": ["n"]});
    client.send_record(&call).await?;
    for number in 0..30 {
        let item = json!({"type": 2, "invocationId": "n", "item": number});
        client.send_record(&item).await?;
    }
    if vanishes {
        return Ok(());
    }
    let end = json!({"type": 3, "invocationId": "n"});
    client.send_record(&end).await?;
    complete(client, "u", 435.into()).await
}

/// Runs a client from its handshake to its end; its behaviour depends on its number.
async fn live(node: &TestServer<ChurnHub>, number: usize) -> io::Result<()> {
    let mut client = PulledClient::connect_pulled(&node.endpoint).await?;
    let joined = client.invoke("Join", ()).await;
    joined.map_err(io::Error::other)?;
    if number.is_multiple_of(2) {
        client.leave();
        tokio::task::yield_now().await;
        client.come_back();
    }
    if number.is_multiple_of(3) {
        is_asked(&mut client).await?;
    }
    if number.is_multiple_of(5) {
        takes_a_stream(&mut client).await?;
    }
    if number % 4 == 1 {
        sends_a_stream(&mut client, number % 8 == 1).await?;
    }
    if number.is_multiple_of(7) {
        client.close().await?;
        while client.receive().await? != Received::Lost {}
    }
    Ok(())
}

/// Runs clients one after the other in eight tasks; each task ends with the first client that
/// fails.
fn churn(nodes: &[Node], lives: usize) -> JoinSet<io::Result<()>> {
    let mut churning = JoinSet::new();
    for task in 0..8 {
        let node = Arc::clone(&nodes[task % nodes.len()]);
        churning.spawn(async move {
            for number in 0..lives {
                let life = live(&node, task * 31 + number);
                let ended = timeout(seconds(20), life).await;
                ended.expect("a client ends")?;
            }
            Ok(())
        });
    }
    churning
}

async fn assert_churns(nodes: &[Node], lives: usize) {
    let sender = keep_broadcasting(nodes);
    let mut churning = churn(nodes, lives);
    while let Some(lived) = churning.join_next().await {
        lived.unwrap().unwrap();
    }
    drop(sender);
    for node in nodes {
        node.leaves_nothing_behind_soon().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_one_node() {
    assert_churns(&[node(SignalR::new())], 120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_two_nodes() {
    assert_churns(&pair(), 80).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn through_a_shutdown() {
    let nodes = pair();
    let _sender = keep_broadcasting(&nodes);
    let mut churning = churn(&nodes, usize::MAX);
    pass(Duration::from_millis(400)).await;
    let began = Instant::now();
    for node in &nodes {
        node.signalr.shutdown().await;
    }
    assert_elapsed(began, 0.0..=20.0);
    while let Some(lived) = churning.join_next().await {
        // New clients are refused.
        assert!(lived.unwrap().is_err());
    }
    for node in &nodes {
        node.leaves_nothing_behind_soon().await;
    }
}
