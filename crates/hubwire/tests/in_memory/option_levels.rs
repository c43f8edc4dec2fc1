//! Options of a server, of a hub and of an endpoint, set in code and by a configuration: which of them wins.

use http::Request;
use hubwire::options::{Configuration, EndpointOptions, HubOptions};
use hubwire::testing::TestClient;
use hubwire::{HubEndpoint, HubHandle, SignalR, SignalRBuilder, hub};
use test_support::bombs::ErrorLines;
use test_support::in_memory::*;
use tower::ServiceExt;

struct LevelsHub;

#[hub]
impl LevelsHub {
    pub fn fail(&self, number: u32) -> u32 {
        number
    }
}

/// Whether clients see why a call cannot be bound (`detailed_errors`).
async fn is_detailed(hub: &HubHandle<LevelsHub>) -> bool {
    let mut client = TestClient::connect(&hub.endpoint()).await.unwrap();
    let error = client.invoke("Fail", ("text",)).await.unwrap_err();
    error.text().contains("InvalidDataException")
}

/// Whether pages of this shop may connect (`allowed_origins`).
async fn allows(endpoint: &HubEndpoint, shop: &str) -> bool {
    let request = Request::post("/hub/negotiate?negotiateVersion=1").header("Origin", shop);
    let response = endpoint
        .negotiate()
        .oneshot(request.body(String::new()).unwrap());
    response.await.unwrap().status() == 200
}

fn configured(toml: &str) -> SignalRBuilder {
    let configuration: Configuration = toml::from_str(toml).unwrap();
    SignalR::builder().configuration(configuration)
}

#[tokio::test(start_paused = true)]
async fn a_hub_begins_with_the_options_of_its_server() {
    let signalr = SignalR::builder().detailed_errors(true).build();
    let like_the_server = signalr.hub().name("like-the-server").build(LevelsHub);
    assert!(is_detailed(&like_the_server).await);
    let otherwise = signalr.hub().name("otherwise").detailed_errors(false);
    assert!(!is_detailed(&otherwise.build(LevelsHub)).await);
    let replaced = signalr
        .hub()
        .name("replaced")
        .options(HubOptions::default());
    assert!(!is_detailed(&replaced.build(LevelsHub)).await);
}

#[tokio::test(start_paused = true)]
async fn all_options_of_hubs_can_be_set_at_once() {
    let mut options = HubOptions::default();
    options.detailed_errors = true;
    let signalr = SignalR::builder().hub_options(options).build();
    assert!(is_detailed(&signalr.hub().build(LevelsHub)).await);
}

const ONE: &str = "https://one.example";
const OTHER: &str = "https://other.example";

#[tokio::test(start_paused = true)]
async fn an_endpoint_begins_with_the_options_of_its_server() {
    let signalr = SignalR::builder().allowed_origins([ONE]).build();
    let hub = signalr.hub().build(LevelsHub);
    let endpoint = hub.endpoint();
    assert!(allows(&endpoint, ONE).await && !allows(&endpoint, OTHER).await);
    let endpoint = endpoint.allowed_origins([OTHER]);
    assert!(!allows(&endpoint, ONE).await && allows(&endpoint, OTHER).await);
    let endpoint = hub.endpoint().options(EndpointOptions::default());
    assert!(!allows(&endpoint, ONE).await);
}

#[tokio::test(start_paused = true)]
async fn all_options_of_endpoints_can_be_set_at_once() {
    let mut options = EndpointOptions::default();
    options.allowed_origins = vec![ONE.to_owned()];
    let signalr = SignalR::builder().endpoint_options(options).build();
    assert!(allows(&signalr.hub().build(LevelsHub).endpoint(), ONE).await);
}

#[tokio::test(start_paused = true)]
async fn within_a_level_the_configuration_wins_and_the_more_specific_level_wins_over_that() {
    let signalr = configured("hub.detailed_errors = true")
        .detailed_errors(false)
        .build();
    assert!(is_detailed(&signalr.hub().name("silent").build(LevelsHub)).await);
    let explicit = signalr.hub().name("explicit").detailed_errors(false);
    assert!(!is_detailed(&explicit.build(LevelsHub)).await);

    let signalr = configured(
        "
        hubs.named.detailed_errors = true
        hub.detailed_errors = false
        ",
    )
    .build();
    let named = signalr.hub().detailed_errors(false).name("named");
    assert!(is_detailed(&named.build(LevelsHub)).await);
    let other = signalr.hub().name("other").build(LevelsHub);
    assert!(!is_detailed(&other).await);
}

#[tokio::test(start_paused = true)]
async fn so_it_is_with_endpoints() {
    let signalr = configured(&format!("endpoint.allowed_origins = ['{ONE}']")).build();
    let endpoint = signalr.hub().build(LevelsHub).endpoint();
    assert!(allows(&endpoint, ONE).await);
    let endpoint = endpoint.allowed_origins([OTHER]);
    assert!(!allows(&endpoint, ONE).await && allows(&endpoint, OTHER).await);

    let named = configured(&format!("endpoints.named.allowed_origins = ['{ONE}']")).build();
    let hub = named.hub().name("named").build(LevelsHub);
    for endpoint in [hub.endpoint(), hub.endpoint().allowed_origins([OTHER])] {
        assert!(allows(&endpoint, ONE).await && !allows(&endpoint, OTHER).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_configuration_can_set_options_of_the_server() {
    let signalr = configured("server.maximum_outbound_memory = 100_000").build();
    let server = TestServer::on(signalr, LevelsHub, |hub| hub);
    let mut client = TestClient::connect_pulled(&server.endpoint).await.unwrap();
    client.leave();
    let all = server.context().clients().all();
    for _ in 0..2 {
        assert_eq!(server.signalr.statistics().connections, 1);
        all.send("Text", ("x".repeat(60_000),)).await.unwrap();
        settle().await;
    }
    assert_eq!(server.signalr.statistics().connections, 0);
}

#[tokio::test(start_paused = true)]
async fn a_section_for_a_hub_that_does_not_exist_is_a_warning() {
    let lines = ErrorLines::counted();
    let section = "hubs.LevelsHub = {}\nendpoints.LevelsHub = {}\nhubs.LevelHub = {}\nendpoints.LevelHub = {}";
    let server = TestServer::on(configured(section).build(), LevelsHub, |hub| hub);
    for _ in 0..2 {
        server.connect().await;
        settle().await;
    }
    assert_eq!((lines.take(), lines.take_warnings()), (0, 1));
}
