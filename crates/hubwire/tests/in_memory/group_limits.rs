//! How many groups a connection may be in, and how long their names may be.

use hubwire::testing::TestClient;
use hubwire::{GroupError, HubCallerContext, HubResult, SignalR, hub};

struct JoiningHub;

#[hub]
impl JoiningHub {
    pub async fn join(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult<String> {
        Ok(match cx.groups().add(cx.connection_id(), group).await {
            Ok(()) => "joined".to_owned(),
            Err(GroupError::TooManyGroups { limit, .. }) => format!("more than {limit} groups"),
            Err(GroupError::NameTooLong { length, limit }) => format!("{length} of {limit} bytes"),
            Err(error) => return Err(error.into()),
        })
    }

    pub async fn leave(&self, cx: &HubCallerContext<Self>, group: String) -> HubResult {
        Ok(cx.groups().remove(cx.connection_id(), group).await?)
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_in_as_many_groups_as_its_hub_allows() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<JoiningHub>().maximum_groups_per_connection(2);
    let hub = hub.build(JoiningHub);
    let mut client = TestClient::connect(&hub.endpoint()).await.unwrap();
    for (group, outcome) in [
        ("a", "joined"),
        ("b", "joined"),
        ("c", "more than 2 groups"),
        ("a", "joined"),
    ] {
        let joined = client.invoke("Join", (group,)).await;
        assert_eq!(joined, Ok(outcome.into()), "{group}");
    }
    assert_eq!(signalr.statistics().groups, 2);
    client.invoke("Leave", ("a",)).await.unwrap();
    let joined = client.invoke("Join", ("c",)).await;
    assert_eq!(joined, Ok("joined".into()));
}

#[tokio::test(start_paused = true)]
async fn a_groups_name_is_as_long_as_its_hub_allows() {
    let signalr = SignalR::new();
    let hub = signalr.hub::<JoiningHub>().build(JoiningHub);
    let mut client = TestClient::connect(&hub.endpoint()).await.unwrap();
    let joined = client.invoke("Join", ("x".repeat(1_024),)).await;
    assert_eq!(joined, Ok("joined".into()));
    let refused = client.invoke("Join", ("x".repeat(1_025),)).await;
    assert_eq!(refused, Ok("1025 of 1024 bytes".into()));
    assert_eq!(signalr.statistics().groups, 1);
}
