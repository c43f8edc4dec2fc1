//! Mapping hubs into an axum router.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::Response;
use tower::Service;

use super::{HubEndpoint, NegotiateEndpoint};

/// Maps hubs to paths.
///
/// ```
/// use hubwire::{MapHub, SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// let signalr = SignalR::new();
/// let app: axum::Router = axum::Router::new()
///     .route("/", axum::routing::get("hello"))
///     .map_hub("/hubs/chat", signalr.hub().build(ChatHub).endpoint());
/// ```
pub trait MapHub {
    /// Serves a hub at `path` and its negotiation at `{path}/negotiate`.
    ///
    /// Both are also served with a trailing slash.
    ///
    /// # Panics
    ///
    /// Panics if one of the paths already has a route, or if `path` does not begin with a slash.
    #[must_use]
    fn map_hub(self, path: &str, endpoint: HubEndpoint) -> Self;
}

impl<S: Clone + Send + Sync + 'static> MapHub for Router<S> {
    #[track_caller]
    fn map_hub(self, path: &str, endpoint: HubEndpoint) -> Self {
        routed(self, path, endpoint.negotiate(), endpoint)
    }
}

/// Routes a path and its negotiation to an endpoint.
#[track_caller]
pub(super) fn routed<S, E>(
    router: Router<S>,
    path: &str,
    negotiate: NegotiateEndpoint,
    endpoint: E,
) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    E: Service<Request, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let path = path.trim_end_matches('/');
    let router = router
        .route_service(&format!("{path}/negotiate"), negotiate.clone())
        .route_service(&format!("{path}/negotiate/"), negotiate)
        .route_service(&format!("{path}/"), endpoint.clone());
    if path.is_empty() {
        return router;
    }
    router.route_service(path, endpoint)
}
