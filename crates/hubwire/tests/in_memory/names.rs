//! The names of hubs, which are unique in a server.

use std::marker::PhantomData;

use hubwire::backplane::InProcessFarm;
use hubwire::manual::{Hub, UntypedClient};
use hubwire::testing::TestClient;
use hubwire::{HubHandle, SignalR};
use serde_json::json;
use test_support::in_memory::*;

mod admin {
    pub(crate) struct ChatHub;

    #[hubwire::hub]
    impl ChatHub {}
}

mod public {
    pub(crate) struct ChatHub;

    #[hubwire::hub]
    impl ChatHub {}
}

struct Topic<T>(PhantomData<fn() -> T>);

#[hubwire::hub]
impl<T: 'static> Topic<T> {}

fn topic<T: 'static>(signalr: &SignalR) -> HubHandle<Topic<T>> {
    signalr.hub().build(Topic(PhantomData))
}

async fn connect<H: Hub>(hub: &HubHandle<H>) -> TestClient {
    let client = TestClient::connect(&hub.endpoint()).await;
    client.expect("the server accepts the handshake")
}

async fn tell_all<H: Hub<Client = UntypedClient>>(hub: &HubHandle<H>) {
    let all = hub.context().clients().all();
    all.send("News", ()).await.unwrap();
}

#[test]
#[should_panic = "else give one of them another name with `.name(..)`"]
fn two_hubs_with_types_of_the_same_name_are_refused() {
    let signalr = SignalR::new();
    let _admin = signalr.hub().build(admin::ChatHub);
    let _public = signalr.hub().build(public::ChatHub);
}

#[test]
#[should_panic = "There are two hubs called `chat`"]
fn two_hubs_that_were_given_the_same_name_are_refused() {
    let signalr = SignalR::new();
    let _admin = signalr.hub().name("chat").build(admin::ChatHub);
    let _public = signalr.hub().name("chat").build(public::ChatHub);
}

#[test]
#[should_panic = "There are two hubs called `ChatHub`: if they are meant to be one, build it once"]
fn a_hub_cannot_be_built_again_while_its_context_is_kept() {
    let signalr = SignalR::new();
    let _pushes_to_nobody = signalr.hub().build(admin::ChatHub).context();
    let _endpoint = signalr.hub().build(admin::ChatHub).endpoint();
}

#[test]
fn a_name_is_free_again_when_its_hub_is_gone() {
    let signalr = SignalR::new();
    drop(signalr.hub().build(admin::ChatHub));
    let _public = signalr.hub().build(public::ChatHub);
}

#[tokio::test(start_paused = true)]
async fn hubs_of_the_same_type_name_on_a_farm_are_separate() {
    let farm = InProcessFarm::new();
    let nodes = [(); 2].map(|()| {
        let signalr = SignalR::builder().backplane(farm.node()).build();
        let admin = signalr.hub().name("admin").build(admin::ChatHub);
        let public = signalr.hub().build(public::ChatHub);
        (admin, public)
    });
    let mut admin = connect(&nodes[1].0).await;
    let mut public = connect(&nodes[1].1).await;

    tell_all(&nodes[0].0).await;
    let news = json!({"type": 1, "target": "News", "arguments": []});
    assert_eq!(message(&mut admin).await, news);
    assert_silent(&mut public, seconds(1)).await;

    tell_all(&nodes[0].1).await;
    assert_eq!(message(&mut public).await, news);
    assert_silent(&mut admin, seconds(1)).await;
}

#[test]
fn a_hub_is_named_after_its_type_without_paths() {
    let signalr = SignalR::new();
    let plain = signalr.hub().build(admin::ChatHub);
    let of_texts = topic::<String>(&signalr);
    let of_lists = topic::<Vec<std::time::Duration>>(&signalr);
    let named = signalr.hub().name("Shop.ChatHub").build(admin::ChatHub);
    for (hub, name) in [
        (format!("{plain:?}"), "ChatHub"),
        (format!("{of_texts:?}"), "Topic<String>"),
        (format!("{of_lists:?}"), "Topic<Vec<Duration>>"),
        (format!("{named:?}"), "Shop.ChatHub"),
    ] {
        assert!(hub.contains(&format!("{name:?}")), "{hub} is not {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_context_is_found_by_its_type() {
    let signalr = SignalR::new();
    let admin = signalr.hub().build(admin::ChatHub);
    let public = signalr.hub().name("public").build(public::ChatHub);
    let mut admin = connect(&admin).await;
    let mut public = connect(&public).await;
    let all = signalr.context::<public::ChatHub>().clients().all();
    all.send("News", ()).await.unwrap();
    assert_eq!(message(&mut public).await["target"], "News");
    assert_silent(&mut admin, seconds(1)).await;
}

#[test]
#[should_panic = "The type `ChatHub` is built as `ChatHub` and as `staff`: \
                  take `context()` of the `HubHandle` that is meant"]
fn a_context_of_a_type_with_two_names_is_refused() {
    let signalr = SignalR::new();
    let _chat = signalr.hub().build(public::ChatHub);
    let _staff = signalr.hub().name("staff").build(public::ChatHub);
    let _context = signalr.context::<public::ChatHub>();
}

#[test]
#[should_panic = "There is no hub of the type `Topic<Vec<String>>`"]
fn a_context_of_a_type_that_is_not_built_is_refused() {
    let signalr = SignalR::new();
    let _other = topic::<String>(&signalr);
    let _context = signalr.context::<Topic<Vec<String>>>();
}
