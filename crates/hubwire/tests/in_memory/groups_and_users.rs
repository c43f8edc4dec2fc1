//! Groups from their first member to their last, and the source of user ids.

use hubwire::testing::TestClient;
use hubwire::{Clients, Principal, UserId};
use serde_json::{Value, json};
use test_support::in_memory::*;
use test_support::members::{SelectorClient, SelectorHub, Stage};

#[tokio::test(start_paused = true)]
async fn groups_change_once_and_end_with_their_last_member() {
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

async fn user_of(mut client: TestClient) -> Value {
    client.invoke("User", ()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_user_id_is_the_name_identifier_or_the_subject() {
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
async fn another_provider_may_return_the_user_id() {
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
