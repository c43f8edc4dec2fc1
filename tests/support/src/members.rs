//! A hub with four connections, their groups and users, and what each of them received.

use hubwire::testing::{Received, TestClient};
use hubwire::{
    Clients, ConnectionId, HubCallerContext, HubResult, SendError, UserId, hub, hub_client,
};
use serde_json::json;

use crate::in_memory::{TestServer, heard_within, seconds};

#[hub_client]
pub trait SelectorClient {
    fn news(&self, text: &str);
}

pub struct SelectorHub;

#[hub(client = SelectorClient)]
impl SelectorHub {
    pub fn id(&self, cx: &HubCallerContext<Self>) -> ConnectionId {
        cx.connection_id().clone()
    }

    pub fn user(&self, cx: &HubCallerContext<Self>) -> Option<UserId> {
        cx.user_id().cloned()
    }

    /// Sends one text through the selector of this name, from inside the hub.
    pub async fn select(
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

/// Sends through a selector that exists inside and outside the hub.
pub async fn send_through(
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

/// Four connections: two of ann, one of bob, and one without a user. Ann's first connection and bob are in
/// tea; bob and the connection without a user are in milk.
pub struct Stage {
    pub server: TestServer<SelectorHub>,
    pub clients: Vec<TestClient>,
    pub ids: Vec<String>,
}

impl Stage {
    pub async fn new() -> Self {
        let server = TestServer::new(SelectorHub);
        let mut clients = vec![
            server.connect_as("ann").await,
            server.connect_as("ann").await,
            server.connect_as("bob").await,
            server.connect().await,
        ];
        let mut ids = Vec::new();
        for client in &mut clients {
            let id = client.invoke("Id", ()).await.unwrap();
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

    /// Replaces `#2` with the id of the third connection.
    pub fn arguments(&self, with: &[&str]) -> Vec<String> {
        let id = |text: &&str| match text.strip_prefix('#') {
            Some(number) => self.ids[number.parse::<usize>().unwrap()].clone(),
            None => (*text).to_owned(),
        };
        with.iter().map(id).collect()
    }

    /// Returns how often each connection received this text, and checks that it received nothing else.
    pub async fn receipts(&mut self, text: &str) -> Vec<usize> {
        let expected = json!({"type": 1, "target": "News", "arguments": [text]});
        let mut receipts = Vec::new();
        for client in &mut self.clients {
            let heard = heard_within(client, seconds(1)).await;
            for received in &heard {
                let is_it = matches!(received, Received::Message(message)
                    if *message == expected);
                assert!(is_it, "{received:?}");
            }
            receipts.push(heard.len());
        }
        receipts
    }

    pub async fn end(self) {
        drop(self.clients);
        self.server.leaves_nothing_behind().await;
    }
}
