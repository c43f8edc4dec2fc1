//! The hubs that disconnect their clients; the bearer token is the user's name.

use axum::Router;
use hubwire::SignalR;
use hubwire::options::KeepConnection;

use crate::authentication::with_users;
use crate::kick_hub::KickHub;

/// Returns the routes.
pub(crate) fn router(signalr: &SignalR) -> Router {
    let kick = signalr.hub().build(KickHub);
    let keeping = |name, keep| {
        let hub = signalr.hub().name(name).one_connection_per_user(keep);
        hub.build(KickHub).endpoint()
    };
    with_users([
        ("/kick", kick.endpoint()),
        ("/one-newest", keeping("OneNewest", KeepConnection::Newest)),
        ("/one-oldest", keeping("OneOldest", KeepConnection::Oldest)),
    ])
}
