//! The hubs of the transcripts, each with the options that it was recorded with.

use std::iter;
use std::num::NonZeroUsize;
use std::time::Duration;

use axum::Router;
use hubwire::auth::Policy;
use hubwire::manual::Hub;
use hubwire::protocol::Transport;
use hubwire::{HubBuilder, MapHub, Naming, SignalR};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::authentication::with_users;
use crate::chat_hub::{ChatHub, Farewell};
use crate::results_hub::{ResultsConnectHub, ResultsHub};
use crate::services_hub::ServicesHub;
use crate::throwing_hubs::{ChatThrowHub, ChatThrowLaterHub};
use crate::typed_hub::{TypedChildHub, TypedHub};
use crate::values_hub::{DotnetValuesHub, FloatsHub, FormsHub, StringEnumsHub, ValuesHub};

/// The origin that the transcripts were recorded with.
const RECORDED_ORIGIN: &str = "http://app.example";

/// Returns the routes of all of them, with their users.
pub(crate) fn router(signalr: &SignalR, allowed_origins: &[String]) -> Router {
    chat(signalr, allowed_origins)
        .merge(chat_variants(signalr))
        .merge(throwing(signalr))
        .merge(results(signalr))
        .merge(services(signalr))
        .merge(values(signalr))
        .map_hub("/typed", signalr.hub().build(TypedHub).endpoint())
        .map_hub(
            "/typed-child",
            signalr.hub().build(TypedChildHub).endpoint(),
        )
}

/// Creates a builder with a name of its own, for a type that is built several times.
fn variant<H: Hub>(signalr: &SignalR, name: &str) -> HubBuilder<H> {
    signalr.hub().name(name)
}

fn chat(signalr: &SignalR, allowed_origins: &[String]) -> Router {
    let plain = signalr.hub().build(ChatHub::default());
    let recorded = iter::once(RECORDED_ORIGIN);
    let allowed_origins = recorded.chain(allowed_origins.iter().map(String::as_str));
    let only = |transport| plain.endpoint().transports([transport]);
    let cors = plain.endpoint().allowed_origins(allowed_origins);
    let layered = with_users([("/chat-cors-layered", cors.clone())]).layer(cors_layer());
    with_users([
        ("/chat", plain.endpoint()),
        ("/chat-ws", only(Transport::WebSockets)),
        ("/chat-lp", only(Transport::LongPolling)),
        ("/chat-sse", only(Transport::ServerSentEvents)),
        ("/chat-v1", plain.endpoint().minimum_protocol_version(1)),
        ("/chat-v2", plain.endpoint().minimum_protocol_version(2)),
        ("/chat-cors", cors),
    ])
    .merge(layered)
}

/// The hubs with other options than `/chat`.
fn chat_variants(signalr: &SignalR) -> Router {
    let named = |name| variant(signalr, name);
    let built = |hub: HubBuilder<ChatHub>| hub.build(ChatHub::default()).endpoint();
    let detailed = named("ChatHubDetailed").detailed_errors(true);
    let unlimited = named("ChatHubUnlimited").maximum_receive_message_size(None);
    let fast = named("ChatHubFast")
        .keep_alive_interval(Duration::from_secs(1))
        .client_timeout_interval(Duration::from_secs(3))
        .handshake_timeout(Duration::from_secs(1));
    let fast = built(fast).poll_timeout(Duration::from_secs(2));
    let parallel = named("ChatHubParallel")
        .maximum_parallel_invocations_per_client(NonZeroUsize::MIN.saturating_add(2))
        .client_timeout_interval(Duration::from_secs(3));
    let leaving = named("ChatHubLeaving").build(ChatHub::new(Farewell::ToEverybody));
    let signed_in = built(named("ChatHubAuth")).authorize(Policy::authenticated());
    let expiring = built(named("ChatHubExpiring")).close_on_authentication_expiration(true);
    with_users([
        ("/chat-detailed", built(detailed)),
        ("/chat-unlimited", built(unlimited)),
        ("/chat-fast", fast),
        ("/chat-parallel", built(parallel)),
        ("/chat-leaving", leaving.endpoint()),
        ("/chat-auth", signed_in),
        ("/chat-expiring", expiring),
    ])
}

/// Creates the layer that applications put around their routes for pages of other origins.
fn cors_layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(true)
}

fn results(signalr: &SignalR) -> Router {
    let plain = signalr.hub().build_with(ResultsHub::new);
    let detailed = variant(signalr, "ResultsHubDetailed").detailed_errors(true);
    let detailed = detailed.build_with(ResultsHub::new);
    let lifecycle = variant(signalr, "ResultsHubLifecycle");
    let lifecycle = lifecycle.build_with(ResultsHub::with_lifecycle);
    let connect = signalr.hub().build(ResultsConnectHub);
    let connect_detailed = variant(signalr, "ResultsConnectHubDetailed").detailed_errors(true);
    let connect_detailed = connect_detailed.build(ResultsConnectHub);
    Router::new()
        .map_hub("/results", plain.endpoint())
        .map_hub("/results-detailed", detailed.endpoint())
        .map_hub("/results-lifecycle", lifecycle.endpoint())
        .map_hub("/results-connect", connect.endpoint())
        .map_hub("/results-connect-detailed", connect_detailed.endpoint())
}

/// Without .NET's injection, the variants differ only in their options.
fn services(signalr: &SignalR) -> Router {
    let plain = signalr.hub().build(ServicesHub::new());
    let detailed = variant(signalr, "ServicesHubDetailed").detailed_errors(true);
    let detailed = detailed.build(ServicesHub::new());
    Router::new()
        .map_hub("/services", plain.endpoint())
        .map_hub("/services-detailed", detailed.endpoint())
        .map_hub("/services-keyed", plain.endpoint())
        .map_hub("/services-explicit", plain.endpoint())
}

fn values(signalr: &SignalR) -> Router {
    let plain = signalr.hub().build(ValuesHub);
    let dotnet = signalr.hub().naming(Naming::DotNet).build(DotnetValuesHub);
    let string_enums = signalr.hub().naming(Naming::DotNetStringEnums);
    let string_enums = string_enums.build(StringEnumsHub);
    let floats = signalr.hub().build(FloatsHub);
    let forms = signalr.hub().build(FormsHub);
    Router::new()
        .map_hub("/values", plain.endpoint())
        .map_hub("/values-dotnet", dotnet.endpoint())
        .map_hub("/values-string-enums", string_enums.endpoint())
        .map_hub("/values-floats", floats.endpoint())
        .map_hub("/values-forms", forms.endpoint())
}

fn throwing(signalr: &SignalR) -> Router {
    let plain = signalr.hub().build(ChatThrowHub::Plain);
    let detailed = variant(signalr, "ChatThrowHubDetailed").detailed_errors(true);
    let hub_exception = variant(signalr, "ChatThrowHubException");
    let hub_exception = hub_exception.build(ChatThrowHub::HubException);
    Router::new()
        .map_hub("/chat-throw", plain.endpoint())
        .map_hub(
            "/chat-throw-detailed",
            detailed.build(ChatThrowHub::Plain).endpoint(),
        )
        .map_hub("/chat-throw-hub-exception", hub_exception.endpoint())
        .map_hub(
            "/chat-throw-later",
            signalr.hub().build(ChatThrowLaterHub).endpoint(),
        )
}
