//! Two and three servers on one backplane: who receives what, and what is published at all.

use hubwire::backplane::{InProcessFarm, Subject};
use hubwire::manual::UntypedClient;
use hubwire::{Clients, SendError};
use test_support::farm::{FarmHub, Member, Node};
use test_support::in_memory::*;

async fn send_through(
    clients: &Clients<UntypedClient>,
    name: &str,
    with: &[String],
) -> Result<(), SendError> {
    let proxy = match name {
        "all" => clients.all(),
        "all_except" => clients.all_except(with),
        "client" => return clients.client(&with[0]).send("News", ("x",)).await,
        "clients" => clients.clients(with),
        "group" => clients.group(&with[0]),
        "group_except" => clients.group_except(&with[0], &with[1..]),
        "groups" => clients.groups(with),
        "user" => clients.user(&with[0]),
        "users" => clients.users(with),
        other => panic!("no selector {other}"),
    };
    proxy.send("News", ("x",)).await
}

/// Two nodes with two connections each: ann and bob, then ann and a connection without a user. The
/// first connection of each node is in tea, the last of all in milk.
struct Stage {
    nodes: [Node; 2],
    members: Vec<Member>,
}

impl Stage {
    async fn new() -> Self {
        let farm = InProcessFarm::new();
        let nodes = [Node::new(&farm), Node::new(&farm)];
        let members = vec![
            Member::with(nodes[0].server.connect_as("ann").await).await,
            Member::with(nodes[0].server.connect_as("bob").await).await,
            Member::with(nodes[1].server.connect_as("ann").await).await,
            Member::of(&nodes[1]).await,
        ];
        for (node, member, group) in [(0, 0, "tea"), (1, 2, "tea"), (1, 3, "milk")] {
            let groups = nodes[node].context().groups();
            groups.add(&members[member].id, group).await.unwrap();
        }
        Self { nodes, members }
    }

    async fn send(&self, node: usize, name: &str, with: &[&str]) -> Result<(), SendError> {
        let id = |text: &&str| match text.strip_prefix('#') {
            Some(number) => self.members[number.parse::<usize>().unwrap()].id.clone(),
            None => (*text).to_owned(),
        };
        let arguments: Vec<_> = with.iter().map(id).collect();
        send_through(&self.nodes[node].context().clients(), name, &arguments).await
    }

    async fn assert_sent(&mut self, name: &str, with: &[&str], expected: [usize; 4]) {
        for node in 0..2 {
            self.send(node, name, with).await.unwrap();
            assert_eq!(
                self.receipts().await,
                expected,
                "{name} {with:?} from node {node}"
            );
        }
    }

    async fn receipts(&mut self) -> Vec<usize> {
        let mut receipts = Vec::new();
        for member in &mut self.members {
            receipts.push(member.receipts("x").await);
        }
        receipts
    }

    async fn end(self) {
        drop(self.members);
        for node in &self.nodes {
            node.server.leaves_nothing_behind().await;
            let left = node.link.subscribed();
            let of_one = |name: &String| {
                ["Connection", "Group(", "User"]
                    .iter()
                    .any(|kind| name.starts_with(kind))
            };
            assert!(!left.iter().any(of_one), "still subscribed to {left:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_selector_reaches_its_receivers_on_both_nodes_exactly_once() {
    let mut stage = Stage::new().await;
    for (name, with, expected) in [
        ("all", &[][..], [1, 1, 1, 1]),
        ("all_except", &["#0", "#3"], [0, 1, 1, 0]),
        ("client", &["#1"], [0, 1, 0, 0]),
        ("client", &["#2"], [0, 0, 1, 0]),
        ("client", &["unknown"], [0, 0, 0, 0]),
        ("clients", &["#0", "#3", "unknown"], [1, 0, 0, 1]),
        ("group", &["tea"], [1, 0, 1, 0]),
        ("group_except", &["tea", "#0"], [0, 0, 1, 0]),
        ("group_except", &["tea", "#2"], [1, 0, 0, 0]),
        ("groups", &["tea", "milk", "unknown"], [1, 0, 1, 1]),
        ("groups", &["tea", "tea"], [2, 0, 2, 0]),
        ("user", &["ann"], [1, 0, 1, 0]),
        ("user", &["bob"], [0, 1, 0, 0]),
        ("users", &["ann", "bob", "unknown"], [1, 1, 1, 0]),
    ] {
        stage.assert_sent(name, with, expected).await;
    }
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_listed_twice_receives_once_on_any_node() {
    let mut stage = Stage::new().await;
    let twice = ["#0", "#3", "#0", "#3"];
    stage.assert_sent("clients", &twice, [1, 0, 0, 1]).await;
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_user_listed_twice_receives_once_on_any_node() {
    let mut stage = Stage::new().await;
    let twice = ["ann", "ann"];
    stage.assert_sent("users", &twice, [1, 0, 1, 0]).await;
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn groups_before_an_empty_name_receive_on_any_node() {
    let mut stage = Stage::new().await;
    for node in 0..2 {
        let sent = stage.send(node, "groups", &["tea", "", "milk"]).await;
        assert!(matches!(sent, Err(SendError::EmptyGroupName)));
        assert_eq!(stage.receipts().await, [1, 0, 1, 0], "from node {node}");
    }
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_only_local_connections_receive_is_not_published() {
    let stage = Stage::new().await;
    let link = &stage.nodes[0].link;
    link.take_published();
    stage.send(0, "client", &["#0"]).await.unwrap();
    stage.send(0, "clients", &["#0", "#1"]).await.unwrap();
    assert_eq!(link.take_published(), []);
    stage.send(0, "clients", &["#0", "#2"]).await.unwrap();
    stage.send(0, "client", &["#3"]).await.unwrap();
    let remote = |member: usize| Subject::Connection(stage.members[member].id.as_str().into());
    assert_eq!(link.take_published(), [remote(2), remote(3)]);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_is_published_once_and_only_by_its_sender() {
    let mut stage = Stage::new().await;
    for node in &stage.nodes {
        node.link.take_published();
    }
    stage.send(0, "all", &[]).await.unwrap();
    assert_eq!(stage.receipts().await, [1; 4]);
    assert_eq!(stage.nodes[0].link.take_published(), [Subject::All]);
    assert_eq!(stage.nodes[1].link.take_published(), []);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn groups_of_a_remote_connection_are_changed_before_the_call_returns() {
    let mut stage = Stage::new().await;
    let groups = stage.nodes[0].context().groups();
    let remote = stage.members[3].id.clone();
    for _ in 0..2 {
        // The second time has no effect.
        groups.add(&remote, "new").await.unwrap();
        assert_eq!(stage.nodes[1].server.signalr.statistics().groups, 3);
        stage.assert_sent("group", &["new"], [0, 0, 0, 1]).await;
    }
    for _ in 0..2 {
        groups.remove(&remote, "new").await.unwrap();
        assert_eq!(stage.nodes[1].server.signalr.statistics().groups, 2);
        stage.assert_sent("group", &["new"], [0, 0, 0, 0]).await;
    }
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_leaves_its_groups_on_all_nodes() {
    let mut stage = Stage::new().await;
    let gone = stage.members.remove(2).id;
    settle().await;
    let subscribed = stage.nodes[1].link.subscribed();
    for subject in [
        "User(\"ann\")",
        "Group(\"tea\")",
        &format!("Connection(\"{gone}\")"),
    ] {
        assert!(
            !subscribed.contains(&subject.to_owned()),
            "{subject} in {subscribed:?}"
        );
    }
    for (name, with) in [("group", "tea"), ("user", "ann")] {
        stage.send(1, name, &[with]).await.unwrap();
        assert_eq!(stage.receipts().await, [1, 0, 0], "{name} {with}");
    }
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_connections_subscriptions_are_given_up_once() {
    let mut stage = Stage::new().await;
    let gone = stage.members.remove(2).id;
    settle().await;
    let mut given_up = stage.nodes[1].link.take_given_up();
    given_up.sort();
    let its = [
        &format!("Connection(\"{gone}\")"),
        "Group(\"tea\")",
        "User(\"ann\")",
    ];
    assert_eq!(given_up, its);
    let mut refused = stage.nodes[1].server.open();
    refused.send_bytes(b"{}\x1e").await.unwrap();
    drop(refused);
    settle().await;
    assert_eq!(stage.nodes[1].link.take_given_up(), [""; 0]);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn three_nodes_receive_each_others_messages() {
    let farm = InProcessFarm::new();
    let nodes = [Node::new(&farm), Node::new(&farm), Node::new(&farm)];
    let mut members = Vec::new();
    for node in &nodes {
        members.push(Member::of(node).await);
        let groups = nodes[0].context().groups();
        let id = &members.last().unwrap().id;
        groups.add(id, "everybody").await.unwrap();
    }
    for node in &nodes {
        let clients = node.context().clients();
        clients.all().send("News", ("x",)).await.unwrap();
        let group = clients.group_except("everybody", [&members[1].id]);
        group.send("News", ("x",)).await.unwrap();
        for (member, expected) in members.iter_mut().zip([2, 1, 2]) {
            assert_eq!(member.receipts("x").await, expected);
        }
    }
    drop(members);
    for node in nodes {
        node.server.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn hubs_of_another_name_receive_nothing() {
    let farm = InProcessFarm::new();
    let node = Node::new(&farm);
    let signalr = hubwire::SignalR::builder().backplane(farm.node()).build();
    let other = TestServer::on(signalr, FarmHub, |options| options.name("AnotherHub"));
    let mut member = Member::of(&node).await;
    let mut stranger = Member::with(other.connect().await).await;
    let all = other.context().clients().all();
    all.send("News", ("x",)).await.unwrap();
    assert_eq!(stranger.receipts("x").await, 1);
    assert_eq!(member.receipts("x").await, 0);
    drop((member, stranger));
    node.server.leaves_nothing_behind().await;
    other.leaves_nothing_behind().await;
}
