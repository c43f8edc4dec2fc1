//! The routes of SignalR's own tests.

use axum::Router;
use axum::extract::Path;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use hubwire::auth::Policy;
use hubwire::connections::MapConnections;
use hubwire::manual::Hub;
use hubwire::options::KeepRequest;
use hubwire::protocol::Transport;
use hubwire::{HubBuilder, HubHandle, MapHub, NAME_IDENTIFIER, SignalR};

use crate::echo_handler::EchoHandler;
use crate::suite_hubs::{
    AuthorizedHub, DefaultHub, DynamicHub, HAS_NAME, UncreatableHub, VersionHub, user_of_header,
};
use crate::suite_layers::{self, Front, Redirects};
use crate::suite_tokens::{ANYBODY, Tokens};
use crate::test_hub::TestHub;

/// The transports where WebSockets are not offered.
const NO_WEB_SOCKETS: [Transport; 2] = [Transport::ServerSentEvents, Transport::LongPolling];

/// Returns the routes, behind the layers that these tests need.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let tokens = Tokens::new();
    let routes = javascript(signalr).merge(dotnet(signalr));
    let routes = routes.merge(authorized(signalr, &tokens));
    let front = Front {
        redirects: Redirects::default(),
        tokens,
    };
    routes.layer(from_fn_with_state(front, suite_layers::in_front))
}

fn javascript(signalr: &SignalR) -> Router {
    let test = detailed(signalr).build(TestHub);
    let uncreatable = detailed(signalr).build(UncreatableHub);
    let context = test.context();
    let client_result = get(move |Path(connection_id): Path<String>| async move {
        let client = context.clients().client(connection_id);
        match client.result().await {
            Ok(number) => number.to_string(),
            Err(error) => error.to_string(),
        }
    });
    Router::new()
        .route("/clientresult/{connection_id}", client_result)
        .route("/deployment", get(deployment))
        .map_hub("/testhub", test.endpoint())
        .map_hub(
            "/testhub-nowebsockets",
            test.endpoint().transports(NO_WEB_SOCKETS),
        )
        .map_hub("/uncreatable", uncreatable.endpoint())
        .map_connections("/echo", signalr.connection_handler(EchoHandler))
}

/// Describes what is running; no test reads it.
async fn deployment() -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({
        "Name": env!("CARGO_PKG_NAME"),
        "Version": env!("CARGO_PKG_VERSION"),
    }))
}

fn dotnet(signalr: &SignalR) -> Router {
    let default: HubHandle<DefaultHub> = named(signalr).build(DefaultHub);
    let dynamic: HubHandle<DynamicHub> = named(signalr).build(DynamicHub);
    let endpoint = || default.endpoint().keep_request(KeepRequest::Everything);
    Router::new()
        .map_hub("/default", endpoint())
        .map_hub(
            "/default-nowebsockets",
            endpoint().transports(NO_WEB_SOCKETS),
        )
        .map_hub("/dynamic", dynamic.endpoint())
        .map_hub("/hubt", dynamic.endpoint())
        .map_hub(
            "/negotiateprotocolversion12",
            endpoint().minimum_protocol_version(12),
        )
        .map_hub(
            "/negotiateprotocolversionnegative",
            endpoint().minimum_protocol_version(-1),
        )
        .map_hub("/version", detailed(signalr).build(VersionHub).endpoint())
}

/// The two hubs that need tokens, and where those come from.
fn authorized(signalr: &SignalR, tokens: &Tokens) -> Router {
    let has_name = Policy::has_claim(NAME_IDENTIFIER);
    let named = |name| {
        let hub = detailed(signalr).name(name);
        let hub = hub.policy(HAS_NAME, has_name.clone());
        let endpoint = hub.build(AuthorizedHub).endpoint();
        endpoint.authenticator(tokens.bearer())
    };
    let issue = |tokens: Tokens| {
        move |name: Option<Path<String>>| {
            let token = tokens.issue(name.as_ref().map_or(ANYBODY, |Path(name)| name));
            std::future::ready(token)
        }
    };
    Router::new()
        .map_hub("/authorizedhub", named("AuthorizedHub"))
        .map_hub("/authorizedhub2", named("AuthorizedHub2"))
        .route("/generatejwttoken", get(issue(tokens.clone())))
        .route("/generatejwttoken/{name}", get(issue(tokens.clone())))
}

fn detailed<H: Hub>(signalr: &SignalR) -> HubBuilder<H> {
    signalr.hub().detailed_errors(true)
}

fn named<H: Hub>(signalr: &SignalR) -> HubBuilder<H> {
    detailed(signalr).user_id_provider(user_of_header)
}
