//! 002, `PresenceHub`: which users are online, each however many connections it has.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hubwire::{Caller, DisconnectReason, HubCallerContext, HubResult, SignalR, hub, hub_client};
use serde_json::json;

use super::*;

#[hub_client]
trait PresenceClient {
    fn user_online(&self, user_id: &str);
    fn user_offline(&self, user_id: &str);
    fn online_users_list(&self, user_ids: Vec<String>);
}

#[derive(Default)]
struct PresenceHub {
    /// How many connections each user has.
    online: Mutex<BTreeMap<String, usize>>,
}

impl PresenceHub {
    fn online(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.online.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn user_id(caller: &Caller) -> String {
    match caller.user_id() {
        Some(user) => user.to_string(),
        None => caller.connection_id().to_string(),
    }
}

#[hub(client = PresenceClient)]
impl PresenceHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        let user = user_id(cx);
        let (is_first, users) = {
            let mut online = self.online();
            let connections = online.entry(user.clone()).or_default();
            *connections += 1;
            (*connections == 1, online.keys().cloned().collect())
        };
        if is_first {
            cx.clients().others().user_online(&user).await?;
        }
        Ok(cx.clients().caller().online_users_list(users).await?)
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        _reason: &DisconnectReason,
    ) -> HubResult {
        let user = user_id(cx);
        let is_last = {
            let mut online = self.online();
            let left = online.get(&user).map_or(0, |connections| connections - 1);
            match left {
                0 => online.remove(&user),
                left => online.insert(user.clone(), left),
            };
            left == 0
        };
        if is_last {
            cx.clients().others().user_offline(&user).await?;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_is_online_from_its_first_connection_to_its_last() {
    let hub = SignalR::new().hub().build(PresenceHub::default());
    let mut ann = connect_as(&hub.endpoint(), "ann").await;
    hears(&mut ann, "OnlineUsersList", json!([["ann"]])).await;

    let mut bob = connect_as(&hub.endpoint(), "bob").await;
    hears(&mut bob, "OnlineUsersList", json!([["ann", "bob"]])).await;
    hears(&mut ann, "UserOnline", json!(["bob"])).await;
    let mut bobs_phone = connect_as(&hub.endpoint(), "bob").await;
    hears(&mut bobs_phone, "OnlineUsersList", json!([["ann", "bob"]])).await;
    hears_nothing(&mut ann).await;

    bob.close().await.unwrap();
    hears_nothing(&mut ann).await;
    bobs_phone.close().await.unwrap();
    hears(&mut ann, "UserOffline", json!(["bob"])).await;

    let mut nobody = connect(&hub.endpoint()).await;
    let (_, online) = nobody.push().await.unwrap();
    let (event, came) = ann.push().await.unwrap();
    assert_eq!(event, "UserOnline");
    let mut expected = vec!["ann", came[0].as_str().unwrap()];
    expected.sort_unstable();
    assert_eq!(online, json!([expected]));
}
