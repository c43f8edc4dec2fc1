//! Who receives what: every selector, from inside a hub and from outside.

use std::ops::Deref;

use hubwire::{CallerClients, Clients, ConnectionId, Proxy, Reach, SendError, Statistics};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::members::{SelectorClient, Stage, send_through};
use tokio::task::JoinSet;

/// The selector, its arguments, and how often each connection receives.
const SELECTORS: &[(&str, &[&str], [usize; 4])] = &[
    ("all", &[], [1, 1, 1, 1]),
    ("all_except", &["#0", "#3", "unknown"], [0, 1, 1, 0]),
    ("all_except", &[], [1, 1, 1, 1]),
    ("client", &["#2"], [0, 0, 1, 0]),
    ("client", &["unknown"], [0, 0, 0, 0]),
    ("clients", &["#1", "#2", "#1", "unknown"], [0, 1, 1, 0]),
    ("clients", &[], [0, 0, 0, 0]),
    ("group", &["tea"], [1, 0, 1, 0]),
    ("group", &["Tea"], [0, 0, 0, 0]),
    ("group_except", &["tea", "#2", "#1"], [1, 0, 0, 0]),
    ("group_except", &["unknown", "#2"], [0, 0, 0, 0]),
    ("groups", &["tea", "milk", "unknown"], [1, 0, 2, 1]),
    ("groups", &["tea", "tea"], [2, 0, 2, 0]),
    ("groups", &[], [0, 0, 0, 0]),
    ("user", &["ann"], [1, 1, 0, 0]),
    ("user", &["Ann"], [0, 0, 0, 0]),
    ("user", &[""], [0, 0, 0, 0]),
    ("users", &["ann", "bob", "ann", "unknown"], [1, 1, 1, 0]),
    ("users", &[], [0, 0, 0, 0]),
];

#[tokio::test(start_paused = true)]
async fn every_selector_reaches_its_receivers_from_outside_the_hub() {
    let mut stage = Stage::new().await;
    for (name, with, expected) in SELECTORS {
        let clients = stage.server.context().clients();
        let arguments = stage.arguments(with);
        send_through(&clients, name, &arguments, "outside")
            .await
            .unwrap();
        assert_eq!(stage.receipts("outside").await, expected, "{name} {with:?}");
    }
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn every_selector_reaches_its_receivers_from_inside_the_hub() {
    let mut stage = Stage::new().await;
    let of_a_caller: [(&str, &[&str], [usize; 4]); 4] = [
        ("caller", &[], [1, 0, 0, 0]),
        ("others", &[], [0, 1, 1, 1]),
        ("others_in_group", &["tea"], [0, 0, 1, 0]),
        ("others_in_group", &["milk"], [0, 0, 1, 1]),
    ];
    for (name, with, expected) in SELECTORS.iter().chain(&of_a_caller) {
        let arguments = stage.arguments(with);
        // Waiting for the completion skips it, and keeps the pushes before it.
        let done = stage.clients[0].invoke("Select", (name, arguments)).await;
        assert_eq!(done, Ok(Value::Null));
        assert_eq!(stage.receipts("inside").await, expected, "{name} {with:?}");
    }
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_group_name_fails_after_the_send_to_the_groups_before_it() {
    let mut stage = Stage::new().await;
    let clients = stage.server.context().clients();
    let sent = clients.groups(["tea", "", "milk"]).news("some").await;
    let error = sent.unwrap_err();
    assert!(matches!(error, SendError::EmptyGroupName));
    assert_eq!(error.to_string(), "Cannot send to an empty group name.");
    assert_eq!(stage.receipts("some").await, [1, 0, 1, 0]);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn untyped_sends_reach_where_typed_ones_do() {
    fn untyped<R: Reach>(proxy: &impl Deref<Target = Proxy<R>>) -> Proxy<R> {
        Proxy::clone(proxy)
    }
    let mut stage = Stage::new().await;
    let clients = stage.server.context().clients();
    untyped(&clients.group("milk"))
        .send("News", ("by name",))
        .await
        .unwrap();
    untyped(&clients.client(&stage.ids[1]))
        .send("News", ("by name",))
        .await
        .unwrap();
    assert_eq!(stage.receipts("by name").await, [0, 1, 1, 1]);
    clients
        .all()
        .send("oTHER", (1, "b", [true], json!({"x": null})))
        .await
        .unwrap();
    for client in &mut stage.clients {
        let (target, arguments) = client.push().await.unwrap();
        assert_eq!(target, "oTHER", "names are sent as written");
        assert_eq!(arguments, json!([1, "b", [true], {"x": null}]));
    }
    stage.end().await;
}

struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_serialized_reaches_nobody_and_harms_nobody() {
    let mut stage = Stage::new().await;
    let clients = stage.server.context().clients();
    for proxy in [
        clients.all(),
        clients.clients(&stage.ids),
        clients.group("tea"),
        clients.groups(["tea", "milk"]),
        clients.user("ann"),
    ] {
        let sent = proxy.send("News", ("half", Unwritable)).await;
        assert!(matches!(sent, Err(SendError::Encode { method, .. }) if method == "News"));
    }
    let sent = clients
        .client(&stage.ids[0])
        .send("News", (Unwritable,))
        .await;
    assert!(matches!(sent, Err(SendError::Encode { .. })));
    assert_eq!(stage.receipts("").await, [0; 4]);
    clients.all().news("whole").await.unwrap();
    assert_eq!(stage.receipts("whole").await, [1; 4]);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn handles_work_in_another_task_and_on_an_empty_server() {
    let mut stage = Stage::new().await;
    let context = stage.server.context();
    let id = ConnectionId::from(&stage.ids[3]);
    let mut task = JoinSet::new();
    task.spawn(async move {
        context.groups().add(&id, "from afar").await.unwrap();
        context
            .clients()
            .group("from afar")
            .news("hello")
            .await
            .unwrap();
        context
    });
    let context = task.join_next().await.unwrap().unwrap();
    assert_eq!(stage.receipts("hello").await, [0, 0, 0, 1]);
    stage.clients.clear();
    settle().await;
    context
        .clients()
        .all()
        .news("anybody there?")
        .await
        .unwrap();
    assert_eq!(stage.server.signalr.statistics(), Statistics::default());
    stage.end().await;
}

/// Whatever [`Clients`] selects, [`CallerClients`] selects too.
const _: fn(&CallerClients<SelectorClient>) -> &Clients<SelectorClient> = |clients| clients;
