//! Who receives what: every selector, from inside a hub and from outside.

#[path = "in_memory/support.rs"]
mod support;

use std::ops::Deref;

use hubwire::testing::TestClient;
use hubwire::{
    CallerClients, Clients, ConnectionId, HubCallerContext, HubResult, Principal, Proxy, Reach,
    SendError, Statistics, UserId, hub, hub_client,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use support::*;
use tokio::task::JoinSet;

#[hub_client]
pub(crate) trait SelectorClient {
    fn news(&self, text: &str);
}

struct SelectorHub;

#[hub(client = SelectorClient)]
impl SelectorHub {
    fn id(&self, cx: &HubCallerContext<Self>) -> ConnectionId {
        cx.connection_id().clone()
    }

    fn user(&self, cx: &HubCallerContext<Self>) -> Option<UserId> {
        cx.user_id().cloned()
    }

    /// Sends one text through the selector of this name, from inside the hub.
    async fn select(
        &self,
        cx: &HubCallerContext<Self>,
        name: String,
        with: Vec<String>,
    ) -> HubResult {
        let clients = cx.clients();
        match name.as_str() {
            "caller" => clients.caller().news("inside").await?,
            "others" => clients.others().news("inside").await?,
            "others_in_group" => clients.others_in_group(&with[0]).news("inside").await?,
            _ => send_through(&clients, &name, &with, "inside").await?,
        }
        Ok(())
    }
}

/// The selectors that exist inside and outside.
async fn send_through(
    clients: &Clients<SelectorClient>,
    name: &str,
    with: &[String],
    text: &str,
) -> Result<(), SendError> {
    match name {
        "all" => clients.all().news(text).await,
        "all_except" => clients.all_except(with).news(text).await,
        "client" => clients.client(&with[0]).news(text).await,
        "clients" => clients.clients(with).news(text).await,
        "group" => clients.group(&with[0]).news(text).await,
        "group_except" => clients.group_except(&with[0], &with[1..]).news(text).await,
        "groups" => clients.groups(with).news(text).await,
        "user" => clients.user(&with[0]).news(text).await,
        "users" => clients.users(with).news(text).await,
        other => panic!("no selector {other}"),
    }
}

/// Four connections: ann twice, bob, and one of nobody; in tea ann's first and bob, in milk bob and nobody.
struct Stage {
    server: TestServer<SelectorHub>,
    clients: Vec<TestClient>,
    ids: Vec<String>,
}

impl Stage {
    async fn new() -> Self {
        let server = TestServer::new(SelectorHub);
        let mut clients = vec![
            server.connect_as("ann").await,
            server.connect_as("ann").await,
            server.connect_as("bob").await,
            server.connect().await,
        ];
        let mut ids = Vec::new();
        for client in &mut clients {
            let id = client.invoke("Id", ()).await.unwrap().unwrap();
            ids.push(id.as_str().unwrap().to_owned());
        }
        let groups = server.context().groups();
        for (client, group) in [(0, "tea"), (2, "tea"), (2, "milk"), (3, "milk"), (0, "tea")] {
            groups.add(&ids[client], group).await.unwrap();
        }
        Self {
            server,
            clients,
            ids,
        }
    }

    /// Replaces `#2` by the id of the third connection.
    fn arguments(&self, with: &[&str]) -> Vec<String> {
        let id = |text: &&str| match text.strip_prefix('#') {
            Some(number) => self.ids[number.parse::<usize>().unwrap()].clone(),
            None => (*text).to_owned(),
        };
        with.iter().map(id).collect()
    }

    /// How often each connection got this text, and nothing else.
    async fn receipts(&mut self, text: &str) -> Vec<usize> {
        let expected = json!({"type": 1, "target": "News", "arguments": [text]});
        let mut receipts = Vec::new();
        for client in &mut self.clients {
            let heard = heard_within(client, seconds(1)).await;
            for received in &heard {
                let is_it = matches!(received, hubwire::testing::Received::Message(message)
                    if *message == expected);
                assert!(is_it, "{received:?}");
            }
            receipts.push(heard.len());
        }
        receipts
    }

    async fn end(self) {
        drop(self.clients);
        self.server.leaves_nothing_behind().await;
    }
}

/// Selector, what it is given, and how often each connection receives.
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
async fn every_selector_reaches_its_receivers_from_outside_of_the_hub() {
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
async fn every_selector_reaches_its_receivers_from_inside_of_the_hub() {
    let mut stage = Stage::new().await;
    let of_a_caller: [(&str, &[&str], [usize; 4]); 4] = [
        ("caller", &[], [1, 0, 0, 0]),
        ("others", &[], [0, 1, 1, 1]),
        ("others_in_group", &["tea"], [0, 0, 1, 0]),
        ("others_in_group", &["milk"], [0, 0, 1, 1]),
    ];
    for (name, with, expected) in SELECTORS.iter().chain(&of_a_caller) {
        let arguments = stage.arguments(with);
        // The completion is passed over by asking for it; the pushes before it are kept.
        let done = stage.clients[0].invoke("Select", (name, arguments)).await;
        assert_eq!(done.unwrap(), Ok(Value::Null));
        assert_eq!(stage.receipts("inside").await, expected, "{name} {with:?}");
    }
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_group_name_fails_after_the_groups_before_it_were_sent_to() {
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
async fn groups_are_changed_once_and_gone_with_their_last_member() {
    let mut stage = Stage::new().await;
    let groups = stage.server.context().groups();
    let count = |stage: &Stage| stage.server.signalr.statistics().groups;
    assert_eq!(count(&stage), 2);
    groups.remove(&stage.ids[1], "tea").await.unwrap();
    groups.remove(&stage.ids[0], "unknown").await.unwrap();
    groups.remove("unknown", "tea").await.unwrap();
    groups.add("unknown", "new").await.unwrap();
    assert_eq!(count(&stage), 2);
    // Added twice, removed once.
    groups.remove(&stage.ids[0], "tea").await.unwrap();
    let tea = stage.server.context().clients().group("tea");
    tea.news("left").await.unwrap();
    assert_eq!(stage.receipts("left").await, [0, 0, 1, 0]);
    groups.remove(&stage.ids[2], "tea").await.unwrap();
    assert_eq!(count(&stage), 1);
    tea.news("nobody").await.unwrap();
    assert_eq!(stage.receipts("nobody").await, [0; 4]);
    groups.add(&stage.ids[1], "tea").await.unwrap();
    tea.news("back").await.unwrap();
    assert_eq!(stage.receipts("back").await, [0, 1, 0, 0]);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_leaves_its_groups_and_its_user_when_it_ends() {
    let mut stage = Stage::new().await;
    stage.clients.remove(2);
    settle().await;
    let left = stage.server.signalr.statistics();
    assert_eq!((left.connections, left.groups, left.users), (3, 2, 1));
    let clients = stage.server.context().clients();
    clients.groups(["tea", "milk"]).news("rest").await.unwrap();
    clients.users(["ann", "bob"]).news("rest").await.unwrap();
    assert_eq!(stage.receipts("rest").await, [2, 1, 1]);
    stage.clients.remove(0);
    settle().await;
    let left = stage.server.signalr.statistics();
    assert_eq!((left.connections, left.groups, left.users), (2, 1, 1));
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
        assert_eq!(target, "oTHER", "names go out as written");
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
async fn what_cannot_be_serialized_reaches_nobody_and_harms_nobody() {
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
async fn handles_are_usable_from_another_task_and_after_their_server_is_empty() {
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

async fn user_of(mut client: TestClient) -> Value {
    client.invoke("User", ()).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn users_are_named_by_their_name_identifier_or_subject() {
    let server = TestServer::new(SelectorHub);
    for (claims, user) in [
        (vec![("sub", "s")], json!("s")),
        (vec![(hubwire::NAME_IDENTIFIER, "n")], json!("n")),
        (
            vec![("sub", "s"), (hubwire::NAME_IDENTIFIER, "n")],
            json!("n"),
        ),
        (vec![("sub", "first"), ("sub", "second")], json!("first")),
        (vec![("name", "x")], json!(null)),
    ] {
        let principal = Principal::new(claims.clone());
        let client = TestClient::connect_as(&server.endpoint, principal).await;
        assert_eq!(user_of(client.unwrap()).await, user, "of {claims:?}");
    }
    assert_eq!(user_of(server.connect().await).await, json!(null));
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn another_provider_may_name_the_users() {
    let server = TestServer::with(SelectorHub, |options| {
        options.user_id_provider(|_: &_, principal: Option<&Principal>| {
            principal?
                .claim("name")
                .map(|name| UserId::from(name.to_uppercase()))
        })
    });
    let principal = Principal::new([("sub", "s"), ("name", "ann")]);
    let mut ann = TestClient::connect_as(&server.endpoint, principal)
        .await
        .unwrap();
    let mut nobody = server.connect().await;
    assert_eq!(server.signalr.statistics().users, 1);
    let clients: Clients<SelectorClient> = server.context().clients();
    for user in ["s", "ann", "ANN"] {
        clients.user(user).news(user).await.unwrap();
    }
    let news = json!({"type": 1, "target": "News", "arguments": ["ANN"]});
    assert_eq!(message(&mut ann).await, news);
    assert_silent(&mut ann, seconds(1)).await;
    assert_silent(&mut nobody, seconds(1)).await;
    drop((ann, nobody));
    server.leaves_nothing_behind().await;
}

/// Whatever [`Clients`] selects, [`CallerClients`] selects too.
const _: fn(&CallerClients<SelectorClient>) -> &Clients<SelectorClient> = |clients| clients;
