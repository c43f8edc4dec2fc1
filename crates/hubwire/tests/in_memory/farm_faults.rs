//! A farm with a broker or nodes that fail: what continues, and what is reported.

use hubwire::GroupError;
use hubwire::backplane::InProcessFarm;
use test_support::farm::{Member, Node};
use test_support::in_memory::*;
use test_support::log_lines::LogLines;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Level;

/// Two nodes with one connection each.
async fn pair() -> (InProcessFarm, [Node; 2], [Member; 2]) {
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    let members = [Member::of(&nodes[0]).await, Member::of(&nodes[1]).await];
    (farm, nodes, members)
}

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
async fn a_send_succeeds_locally_while_the_broker_is_away() {
    let (_farm, nodes, mut members) = pair().await;
    let clients = nodes[0].context().clients();
    nodes[0]
        .context()
        .groups()
        .add(&members[0].id, "tea")
        .await
        .unwrap();
    nodes[0].link.fail();
    broadcast(&nodes[0]).await;
    clients.group("tea").send("News", ("x",)).await.unwrap();
    let both = clients.clients([&members[0].id, &members[1].id]);
    both.send("News", ("x",)).await.unwrap();
    assert_eq!(members[0].receipts("x").await, 3);
    assert_eq!(members[1].receipts("x").await, 0);
    nodes[0].link.recover();
    broadcast(&nodes[0]).await;
    assert_eq!(members[0].receipts("x").await, 1);
    assert_eq!(members[1].receipts("x").await, 1);
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_stay_while_the_broker_is_away_are_two_lines_in_ten_seconds() {
    let (_farm, nodes, mut members) = pair().await;
    let lines = LogLines::written(Level::WARN);
    nodes[0].link.fail();
    for _ in 0..1_000 {
        broadcast(&nodes[0]).await;
    }
    let line = lines.one();
    assert_eq!(line.target, "hubwire::backplane");
    assert_eq!(line.field("hub"), "FarmHub");
    assert_eq!(line.field("since_last_line"), "1");
    pass(seconds(11)).await;
    let line = lines.one();
    assert!(line.field("error").contains("the test says so"), "{line:?}");
    assert_eq!(line.field("since_last_line"), "999");
    assert_eq!(members[0].receipts("x").await, 1_000);
    nodes[0].link.recover();
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn groups_of_remote_connections_cannot_be_changed_while_the_broker_is_away() {
    let (_farm, nodes, members) = pair().await;
    let groups = nodes[0].context().groups();
    nodes[0].link.fail();
    let began = Instant::now();
    for changed in [
        groups.add(&members[1].id, "tea").await,
        groups.remove(&members[1].id, "tea").await,
    ] {
        assert!(matches!(changed, Err(GroupError::Backplane(_))));
    }
    assert_elapsed(began, 0.0..=0.1);
    groups.add(&members[0].id, "tea").await.unwrap();
    nodes[0].link.recover();
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn local_receivers_do_not_wait_for_a_slow_broker() {
    let (_farm, nodes, mut members) = pair().await;
    nodes[0].link.hold();
    let all = nodes[0].context().clients().all();
    let mut sender = JoinSet::new();
    sender.spawn(async move { all.send("News", ("x",)).await });
    assert_eq!(members[0].receipts("x").await, 1);
    assert_eq!(members[1].receipts("x").await, 0);
    assert!(sender.try_join_next().is_none(), "the sender is waiting");
    nodes[0].link.release();
    nodes[0].link.gate.open(1);
    sender.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(members[0].receipts("x").await, 0);
    assert_eq!(members[1].receipts("x").await, 1);
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn joining_a_group_waits_for_the_brokers_confirmation() {
    let (_farm, nodes, mut members) = pair().await;
    nodes[0].link.hold();
    let (groups, id) = (nodes[0].context().groups(), members[0].id.clone());
    let mut joining = JoinSet::new();
    joining.spawn(async move { groups.add(id, "tea").await });
    pass(seconds(5)).await;
    assert!(
        joining.try_join_next().is_none(),
        "the broker has not confirmed yet"
    );
    nodes[0].link.release();
    nodes[0].link.gate.open(1);
    joining.join_next().await.unwrap().unwrap().unwrap();
    let tea = nodes[1].context().clients().group("tea");
    tea.send("News", ("x",)).await.unwrap();
    assert_eq!(members[0].receipts("x").await, 1);
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn leaving_and_joining_a_group_at_once_ends_subscribed() {
    let (_farm, nodes, mut members) = pair().await;
    let (groups, id) = (nodes[0].context().groups(), members[0].id.clone());
    groups.add(&id, "tea").await.unwrap();
    nodes[0].link.hold();
    let mut changes = JoinSet::new();
    for joins in [false, true, false, true] {
        let (groups, id) = (groups.clone(), id.clone());
        changes.spawn(async move {
            match joins {
                true => groups.add(id, "tea").await,
                false => groups.remove(id, "tea").await,
            }
        });
        settle().await;
    }
    nodes[0].link.release();
    nodes[0].link.gate.open(1);
    while let Some(changed) = changes.join_next().await {
        changed.unwrap().unwrap();
    }
    let tea = nodes[1].context().clients().group("tea");
    tea.send("News", ("x",)).await.unwrap();
    assert_eq!(members[0].receipts("x").await, 1);
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_without_connections_sends_and_changes_groups_of_others() {
    let (farm, nodes, mut members) = pair().await;
    let sender = Node::new(&farm);
    broadcast(&sender).await;
    let began = Instant::now();
    let added = sender.context().groups().add(&members[0].id, "tea").await;
    added.expect("the connection's node acknowledges");
    assert_elapsed(began, 0.0..=0.1);
    let tea = sender.context().clients().group("tea");
    tea.send("News", ("x",)).await.unwrap();
    assert_eq!(members[0].receipts("x").await, 2);
    assert_eq!(members[1].receipts("x").await, 1);
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_no_node_has_is_not_acknowledged_within_30_seconds() {
    let (_farm, nodes, members) = pair().await;
    let began = Instant::now();
    let added = nodes[0].context().groups().add("unknown", "tea").await;
    assert!(
        matches!(added, Err(GroupError::Unacknowledged { .. })),
        "{added:?}"
    );
    assert_elapsed(began, 29.9..=30.1);
    let counts = nodes
        .each_ref()
        .map(|node| node.server.signalr.statistics().groups);
    assert_eq!(counts, [0, 0]);
    end(&nodes, members).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_shut_down_harms_no_other_node_and_has_no_subscriptions() {
    let (farm, [stays, goes], [mut member, lost]) = pair().await;
    goes.context().groups().add(&lost.id, "tea").await.unwrap();
    drop(lost.client);
    goes.server.signalr.shutdown().await;
    goes.server.leaves_nothing_behind().await;
    broadcast(&stays).await;
    let late = Node::new(&farm);
    let mut newcomer = Member::of(&late).await;
    broadcast(&stays).await;
    assert_eq!(member.receipts("x").await, 2);
    assert_eq!(newcomer.receipts("x").await, 1);
    let added = stays.context().groups().add(&lost.id, "tea").await;
    assert!(matches!(added, Err(GroupError::Unacknowledged { .. })));
    end(&[stays, late], [member, newcomer]).await;
    assert_eq!(goes.link.subscribed(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_vanished_harms_no_other_node() {
    let (_farm, [stays, goes], [mut member, lost]) = pair().await;
    drop((goes, lost));
    settle().await;
    for _ in 0..3 {
        broadcast(&stays).await;
    }
    stays
        .context()
        .groups()
        .add(&member.id, "tea")
        .await
        .unwrap();
    assert_eq!(member.receipts("x").await, 3);
    end(&[stays], [member]).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_panics_is_lost_and_the_next_is_not() {
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    let mut member = Member::of(&nodes[1]).await;
    nodes[1].link.panic_once();
    for (text, receipts) in [("lost", 0), ("heard", 1), ("heard too", 1)] {
        let all = nodes[0].context().clients().all();
        all.send("News", (text,)).await.unwrap();
        pass(seconds(2)).await;
        assert_eq!(member.receipts(text).await, receipts, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_panics_is_retried_when_it_is_needed_again() {
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm)];
    let mut member = Member::of(&nodes[1]).await;
    let groups = || nodes[1].context().groups();
    nodes[1].link.panic_once();
    groups().add(&member.id, "tea").await.unwrap();
    groups().remove(&member.id, "tea").await.unwrap();
    groups().add(&member.id, "tea").await.unwrap();
    let group = nodes[0].context().clients().group("tea");
    group.send("News", ("heard",)).await.unwrap();
    assert_eq!(member.receipts("heard").await, 1);
}
