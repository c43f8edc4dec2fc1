//! What `#[authorize]` means for building a hub and for its endpoints.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hubwire::testing::TestClient;
use hubwire::{HubEndpoint, MapHub, SignalR};
use tower::ServiceExt;

use super::*;

struct Office;

#[hub]
#[authorize(role = "Staff", policy = "Day")]
impl Office {
    pub fn work(&self) -> u32 {
        1
    }

    #[authorize(policy = "Safe")]
    pub fn open(&self) -> u32 {
        2
    }
}

fn day() -> Policy {
    Policy::claim("shift", ["day"])
}

/// Returns what a hub that cannot be built says.
fn refused(build: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn a_hub_is_not_built_without_the_policies_that_it_names() {
    let text = refused(|| drop(SignalR::new().hub().policy("Day", day()).build(Office)));
    let expected = "The hub `Office` cannot be built: `#[authorize(policy = \"Safe\")]` on its method \
                    `Open` names a policy that neither the hub nor its server has; add it with \
                    `.policy(\"Safe\", ..)`";
    assert_eq!(text, expected);
    let safe = || SignalR::builder().policy("Safe", Policy::authenticated());
    let text = refused(|| drop(safe().build().hub().name("Shop").build(Office)));
    let expected = "The hub `Shop` cannot be built: `#[authorize(policy = \"Day\")]` on its `impl` \
                    block names a policy that neither the hub nor its server has; add it with \
                    `.policy(\"Day\", ..)`";
    assert_eq!(text, expected);
    let text = refused(|| drop(safe().build().hub().policy("day", day()).build(Office)));
    assert_eq!(text, expected.replace("Shop", "Office"));
    let _built = safe().build().hub().policy("Day", day()).build(Office);
}

/// Returns the status of a negotiation by a user with these claims, or by nobody.
async fn negotiates(endpoint: HubEndpoint, claims: Option<&[(&str, &str)]>) -> u16 {
    let request = Request::post("/office/negotiate?negotiateVersion=1");
    let mut request = request.body(Body::empty()).unwrap();
    if let Some(claims) = claims {
        let user = Principal::new(claims.iter().copied());
        request.extensions_mut().insert(user);
    }
    let app: Router = Router::new().map_hub("/office", endpoint);
    app.oneshot(request).await.unwrap().status().as_u16()
}

const STAFF: (&str, &str) = ("role", "Staff");
const DAY: (&str, &str) = ("shift", "day");

#[tokio::test(start_paused = true)]
async fn the_blocks_authorization_is_the_default_of_each_endpoint() {
    let hub = SignalR::new()
        .hub()
        .policy("Day", day())
        .policy("Safe", Policy::claim("key", ["1"]))
        .build(Office);
    for (claims, status) in [
        (None, 401),
        (Some(&[STAFF][..]), 403),
        (Some(&[DAY]), 403),
        (Some(&[STAFF, DAY]), 200),
    ] {
        assert_eq!(
            negotiates(hub.endpoint(), claims).await,
            status,
            "{claims:?}"
        );
        let open = hub.endpoint().allow_anonymous();
        assert_eq!(negotiates(open, claims).await, 200);
    }
    let strict = || hub.endpoint().authorize(Policy::claim("key", ["1"]));
    assert_eq!(negotiates(strict(), Some(&[STAFF, DAY])).await, 403);
    let with_key = [STAFF, DAY, ("key", "1")];
    assert_eq!(negotiates(strict(), Some(&with_key)).await, 200);
}

#[tokio::test(start_paused = true)]
async fn methods_ask_for_what_they_ask_for_and_not_for_what_the_block_does() {
    let hub = SignalR::new()
        .hub()
        .policy("Day", day())
        .policy("Safe", Policy::authenticated())
        .build(Office);
    assert!(TestClient::connect(&hub.endpoint()).await.is_err());
    let everybody = hub.endpoint().allow_anonymous();
    let mut nobody = TestClient::connect(&everybody).await.unwrap();
    assert_eq!(nobody.invoke_as::<u32>("Work", ()).await.unwrap(), 1);
    let error = nobody.invoke_as::<u32>("Open", ()).await.unwrap_err();
    assert_eq!(
        error,
        "Failed to invoke 'Open' because user is unauthorized"
    );
}

/// The hub's policy takes the place of its server's of the same name.
#[tokio::test(start_paused = true)]
async fn a_hubs_policy_goes_before_its_servers() {
    let signalr = SignalR::builder()
        .policy("Day", day())
        .policy("Safe", Policy::claim("key", ["1"]))
        .build();
    let hub = signalr
        .hub()
        .policy("Safe", Policy::claim("key", ["2"]))
        .build(Office);
    for (key, opens) in [("1", false), ("2", true)] {
        let user = Principal::new([STAFF, DAY, ("key", key)]);
        let mut client = TestClient::connect_as(&hub.endpoint(), user).await.unwrap();
        assert_eq!(client.invoke("Open", ()).await.is_ok(), opens);
    }
}
