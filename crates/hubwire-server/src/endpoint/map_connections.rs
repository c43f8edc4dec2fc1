//! Mapping connection handlers into an axum router.

use axum::Router;

use super::ConnectionEndpoint;
use super::map_hub::routed;

/// Maps connection handlers to paths, as ASP.NET Core's `MapConnectionHandler` does.
///
/// [`ConnectionHandler`](crate::ConnectionHandler) has an example.
pub trait MapConnections {
    /// Serves connections at `path` and their negotiation at `{path}/negotiate`.
    ///
    /// Both are also served with a trailing slash.
    ///
    /// # Panics
    ///
    /// Panics if one of the paths already has a route, or if `path` does not begin with a slash.
    #[must_use]
    fn map_connections(self, path: &str, endpoint: ConnectionEndpoint) -> Self;
}

impl<S: Clone + Send + Sync + 'static> MapConnections for Router<S> {
    #[track_caller]
    fn map_connections(self, path: &str, endpoint: ConnectionEndpoint) -> Self {
        routed(self, path, endpoint.negotiate(), endpoint)
    }
}
