//! Policies for busy clients on other nodes of a farm.

use hubwire::WhenBusy;
use hubwire::backplane::{Backplane, Channel, Envelope, EnvelopeBody, InProcessFarm, Subject};
use hubwire::testing::{PulledTransport, TestClient};
use serde_json::{Value, json};
use test_support::farm::Node;
use test_support::in_memory::*;

async fn absent(node: &Node) -> TestClient<PulledTransport> {
    let connected = TestClient::connect_pulled(&node.server.endpoint).await;
    let mut client = connected.unwrap();
    client.leave();
    settle().await;
    client
}

async fn texts(client: &mut TestClient<PulledTransport>, count: usize) -> Vec<Value> {
    settle().await;
    client.come_back();
    let mut texts = Vec::new();
    for _ in 0..count {
        texts.push(client.push().await.unwrap().1[0].take());
    }
    assert_silent(client, seconds(1)).await;
    texts
}

#[tokio::test(start_paused = true)]
async fn what_a_send_says_about_busy_clients_holds_on_other_nodes() {
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    let mut client = absent(&nodes[1]).await;
    let all = nodes[0].context().clients().all();
    for number in 0..10 {
        let key = all.latest("key");
        key.send("News", (number,)).await.unwrap();
        all.volatile().send("News", ("lost",)).await.unwrap();
        let other = all.when_busy(WhenBusy::latest("other"));
        other.send("News", (number + 100,)).await.unwrap();
    }
    all.send("News", ("plain",)).await.unwrap();
    assert_eq!(
        texts(&mut client, 3).await,
        [json!(9), json!(109), json!("plain")]
    );
}

/// As a node sends that knows no policies.
#[tokio::test(start_paused = true)]
async fn an_envelope_without_a_policy_is_treated_as_the_hub_says() {
    let farm = InProcessFarm::new();
    let node = Node::new(&farm);
    let mut client = absent(&node).await;
    let other = farm.node();
    for number in 0..3 {
        let payload = format!("{{\"type\":1,\"target\":\"News\",\"arguments\":[{number}]}}\u{1e}");
        let body = EnvelopeBody::Message {
            excluded: Vec::new(),
            payloads: vec![("json".to_owned(), payload.into())],
            when_busy: None,
        };
        let channel = Channel {
            hub: "FarmHub".into(),
            subject: Subject::All,
        };
        let origin = "other".into();
        let published = other.publish(channel, Envelope { origin, body }).await;
        assert_eq!(published.unwrap().0, 1);
    }
    assert_eq!(texts(&mut client, 3).await, [json!(0), json!(1), json!(2)]);
}
