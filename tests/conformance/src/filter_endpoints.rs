//! The hubs inside filters, on their own server, because its filters run around all of its hubs.

use axum::Router;
use hubwire::{HubBuilder, HubHandle, MapHub, SignalR};

use crate::filter_hub::FilterHub;
use crate::telling_filter::{Acts, TellingFilter};

/// Creates the server with filters around all of its hubs.
pub(crate) fn server(trusted_proxies: &[String]) -> SignalR {
    SignalR::builder()
        .trusted_proxies(trusted_proxies)
        .filter(filter("global1", Acts::Never))
        .filter(filter("global2", Acts::Never))
        .build()
}

/// Returns the routes of its hubs.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let hub = || signalr.hub::<FilterHub>();
    Router::new()
        .map_hub(
            "/filters",
            within(hub(), Acts::Never, Acts::OnCalls).endpoint(),
        )
        .map_hub(
            "/filters-throw",
            within(
                hub().name("FilterThrowHub"),
                Acts::Never,
                Acts::OnCallsAndRefusesConnections,
            )
            .endpoint(),
        )
        .map_hub(
            "/filters-silent",
            within(
                hub().name("FilterSilentHub"),
                Acts::BySilence,
                Acts::OnCalls,
            )
            .endpoint(),
        )
}

fn within(hub: HubBuilder<FilterHub>, outer: Acts, inner: Acts) -> HubHandle<FilterHub> {
    hub.filter(filter("hub1", outer))
        .filter(filter("hub2", inner))
        .build(FilterHub)
}

fn filter(name: &'static str, acts: Acts) -> TellingFilter {
    TellingFilter { name, acts }
}
