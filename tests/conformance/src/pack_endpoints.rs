//! The hub of the MessagePack transcripts, with the options that it was recorded with.

use std::time::Duration;

use axum::Router;
use hubwire::protocol::HubProtocol;
use hubwire::{HubBuilder, MapHub, Naming, SignalR};

use crate::pack_hub::PackHub;

/// Returns the routes of all variants.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let plain = pack(signalr, "PackHub");
    let detailed = pack(signalr, "PackHubDetailed").detailed_errors(true);
    let fast = pack(signalr, "PackHubFast")
        .keep_alive_interval(Duration::from_secs(1))
        .client_timeout_interval(Duration::from_secs(3))
        .build(PackHub)
        .endpoint()
        .poll_timeout(Duration::from_secs(2));
    let json_only = pack(signalr, "PackHubJson").supported_protocols([HubProtocol::Json]);
    Router::new()
        .map_hub("/pack", plain.build(PackHub).endpoint())
        .map_hub("/pack-detailed", detailed.build(PackHub).endpoint())
        .map_hub("/pack-fast", fast)
        .map_hub("/pack-json", json_only.build(PackHub).endpoint())
}

fn pack(signalr: &SignalR, name: &str) -> HubBuilder<PackHub> {
    signalr.hub().name(name).naming(Naming::DotNet)
}
