//! The hubs that disconnect their clients; the bearer token is the user's name.

use axum::Router;
use axum::middleware::map_request;
use hubwire::options::KeepConnection;
use hubwire::{MapHub, SignalR};

use crate::authentication::authenticate;
use crate::kick_hub::KickHub;

/// Returns the routes.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let kick = signalr.hub().build(KickHub);
    let keeping = |name, keep| {
        let hub = signalr.hub().name(name).one_connection_per_user(keep);
        hub.build(KickHub).endpoint()
    };
    Router::new()
        .map_hub("/kick", kick.endpoint())
        .map_hub("/one-newest", keeping("OneNewest", KeepConnection::Newest))
        .map_hub("/one-oldest", keeping("OneOldest", KeepConnection::Oldest))
        .layer(map_request(authenticate))
}
