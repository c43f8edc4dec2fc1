//! A backplane that panics or is silent: what continues, and what is logged.

use std::sync::atomic::Ordering;

use hubwire::GroupError;
use hubwire::backplane::InProcessFarm;
use test_support::bombs::ErrorLines;
use test_support::farm::{Member, Node};
use test_support::in_memory::*;

async fn broadcast(node: &Node) {
    let all = node.context().clients().all();
    all.send("News", ("x",)).await.unwrap();
}

async fn end(nodes: &[Node], members: impl IntoIterator<Item = Member>) {
    drop(members.into_iter().collect::<Vec<_>>());
    for node in nodes {
        node.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_fail_at_first_are_received_later() {
    let lines = ErrorLines::counted();
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    nodes[1].link.reading_panics.store(true, Ordering::Relaxed);
    let mut member = Member::of(&nodes[1]).await;
    pass(seconds(2)).await;
    broadcast(&nodes[0]).await;
    assert_eq!(member.receipts("x").await, 1);
    assert_eq!(lines.take(), 1);
    end(&nodes, [member]).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_backplanes_events_is_logged() {
    let lines = ErrorLines::counted();
    let farm = InProcessFarm::new();
    let node = Node::new(&farm);
    node.link.ended.store(true, Ordering::Relaxed);
    let mut member = Member::of(&node).await;
    broadcast(&node).await;
    assert_eq!(member.receipts("x").await, 1);
    assert_eq!(lines.take(), 1);
    end(&[node], [member]).await;
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_panics_is_logged_as_lost() {
    let lines = ErrorLines::counted();
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    let members = [Member::of(&nodes[0]).await, Member::of(&nodes[1]).await];
    let groups = nodes[0].context().groups();
    let panics = &nodes[1].link.publish_panics;
    panics.store(true, Ordering::Relaxed);
    let added = groups.add(&members[1].id, "tea").await;
    assert!(
        matches!(added, Err(GroupError::Unacknowledged { .. })),
        "{added:?}"
    );
    assert_eq!(lines.take(), 1);
    groups.add(&members[1].id, "tea").await.unwrap();
    end(&nodes, members).await;
}
