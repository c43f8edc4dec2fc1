//! 001, `/securehub`: a hub for signed-in users, as docs/authentication.md begins.

use hubwire::{HubCallerContext, HubError, HubResult, SignalR, hub, hub_client};
use serde_json::json;

use super::*;

#[hub_client]
trait SecureClient {
    fn receive_message(&self, user_id: &str, message: &str);
}

struct SecureHub;

#[hub(client = SecureClient)]
#[authorize] // whoever connects is signed in
impl SecureHub {
    pub async fn send_message(&self, cx: &HubCallerContext<Self>, message: String) -> HubResult {
        let user = cx.user_id().ok_or_else(|| HubError::new("Who are you?"))?; // `sub`, in a JWT
        Ok(cx.clients().all().receive_message(user, &message).await?)
    }

    #[authorize(role = "Admin")]
    pub async fn shut_down(&self) {}
}

#[tokio::test(start_paused = true)]
async fn everybody_reads_who_has_written() {
    let hub = SignalR::new().hub().build(SecureHub);
    let mut ann = connect_as(&hub.endpoint(), "ann").await;
    let mut bob = connect_as(&hub.endpoint(), "bob").await;
    call(&mut ann, "SendMessage", ("hello",)).await;
    for client in [&mut ann, &mut bob] {
        hears(client, "ReceiveMessage", json!(["ann", "hello"])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_signed_in_cannot_connect() {
    let hub = SignalR::new().hub().build(SecureHub);
    assert!(TestClient::connect(&hub.endpoint()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn only_an_admin_shuts_down() {
    let hub = SignalR::new().hub().build(SecureHub);
    let mut ann = connect_as(&hub.endpoint(), "ann").await;
    assert_eq!(
        refused(&mut ann, "ShutDown", ()).await,
        "Failed to invoke 'ShutDown' because user is unauthorized"
    );
    let claims = [(hubwire::NAME_IDENTIFIER, "eve"), ("role", "Admin")];
    let admin = TestClient::connect_as(&hub.endpoint(), Principal::new(claims)).await;
    call(&mut admin.unwrap(), "ShutDown", ()).await;
}

/// The guide begins with the hub that is tested here.
#[test]
fn the_guide_shows_this_hub() {
    let guide = include_str!("../../../../../docs/authentication.md");
    let shown = guide.split("```").nth(1).unwrap();
    let (_, hub) = shown.split_once("#[hub_client]").unwrap();
    let (hub, _) = hub.split_once("use axum::").unwrap();
    let without_layout = |text: &str| text.split_whitespace().collect::<String>();
    let tested = without_layout(include_str!("secure_hub.rs"));
    assert!(tested.contains(&without_layout(hub)), "{hub}");
}
