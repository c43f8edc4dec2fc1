//! The hub of the MessagePack transcripts, with the options that it was recorded with.

use std::time::Duration;

use axum::Router;
use hubwire::{HubBuilder, HubProtocol, MapHub, Naming, SignalR};

use crate::pack_hub::PackHub;

/// The routes of all variants.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let plain = pack(signalr);
    let detailed = pack(signalr).detailed_errors(true);
    let fast = pack(signalr)
        .keep_alive_interval(Duration::from_secs(1))
        .client_timeout_interval(Duration::from_secs(3));
    let json_only = pack(signalr).supported_protocols([HubProtocol::Json]);
    Router::new()
        .map_hub("/pack", plain.build(PackHub).endpoint())
        .map_hub("/pack-detailed", detailed.build(PackHub).endpoint())
        .map_hub("/pack-fast", fast.build(PackHub).endpoint())
        .map_hub("/pack-json", json_only.build(PackHub).endpoint())
}

fn pack(signalr: &SignalR) -> HubBuilder<PackHub> {
    signalr.hub().naming(Naming::DotNet)
}
