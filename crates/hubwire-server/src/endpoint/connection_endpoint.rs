//! The endpoint of a connection handler: a tower service for the requests of one mapped path.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use http::{Request, Response};
use hubwire_protocol::Transport;
use tower::Service;

use super::access::Access;
use super::authentication::Authenticator;
use super::connection_table::ConnectionTable;
use super::hub_endpoint::ResponseFuture;
use super::{HubEndpoint, NegotiateEndpoint};
use crate::handler::AnyConnectionHandler;
use crate::hub::{HubRuntime, Policy};
use crate::node::{
    Configure, DeadPeerTimeouts, EndpointDefaults, EndpointOptions, KeepRequest,
    endpoint_option_setters,
};

/// A connection handler's endpoint, to be mapped to a path with
/// [`MapConnections::map_connections`](crate::MapConnections::map_connections).
///
/// It has the options of a hub's endpoint, negotiates and authorizes as that does, and it is a
/// [`tower::Service`], too.
///
/// ```
/// use hubwire::SignalR;
/// use hubwire::connections::{ConnectionHandler, HandlerResult, MapConnections, RawConnection};
/// use hubwire::protocol::Transport;
///
/// struct Sink;
///
/// impl ConnectionHandler for Sink {
///     async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
///         while connection.receive().await.is_some() {}
///         Ok(())
///     }
/// }
///
/// let signalr = SignalR::new();
/// let sink = signalr
///     .connection_handler(Sink)
///     .transports([Transport::WebSockets])
///     .allowed_origins(["https://shop.example"]);
/// let app: axum::Router = axum::Router::new().map_connections("/sink", sink);
/// ```
#[derive(Clone)]
pub struct ConnectionEndpoint(HubEndpoint);

impl ConnectionEndpoint {
    /// # Panics
    ///
    /// Panics if an option makes no sense.
    #[track_caller]
    pub(crate) fn new(
        runtime: Arc<HubRuntime>,
        handler: Arc<dyn AnyConnectionHandler>,
        table: Arc<ConnectionTable>,
        defaults: Arc<EndpointDefaults>,
        access: Access,
    ) -> Self {
        Self(HubEndpoint::new(runtime, table, defaults, access).served_by(handler))
    }

    /// Sets all options at once, instead of those of the server.
    ///
    /// # Panics
    ///
    /// Panics under the same conditions as the setter of each option.
    #[must_use]
    #[track_caller]
    pub fn options(self, options: EndpointOptions) -> Self {
        Self(self.0.options(options))
    }

    /// Asks for a policy, as [`HubEndpoint::authorize`] does.
    #[must_use]
    pub fn authorize(self, policy: Policy) -> Self {
        Self(self.0.authorize(policy))
    }

    /// Sets what determines the users of this endpoint's requests, as
    /// [`HubEndpoint::authenticator`] does.
    #[must_use]
    pub fn authenticator(self, authenticator: impl Authenticator) -> Self {
        Self(self.0.authenticator(authenticator))
    }

    /// Returns the service of `{path}/negotiate`.
    #[must_use]
    pub fn negotiate(&self) -> NegotiateEndpoint {
        self.0.negotiate()
    }
}

/// A setter panics if its value makes no sense: a time or a size of zero, or an origin that could
/// never match, such as `*` or `https://chat.example/path`
/// ([`EndpointOptions::validate`]).
impl ConnectionEndpoint {
    endpoint_option_setters!();
}

impl Configure<EndpointOptions> for ConnectionEndpoint {
    #[track_caller]
    fn configure(self, change: impl FnOnce(&mut EndpointOptions)) -> Self {
        Self(self.0.configure(change))
    }
}

impl<B> Service<Request<B>> for ConnectionEndpoint
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.0.call(request)
    }
}

impl fmt::Debug for ConnectionEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectionEndpoint").field(&self.0).finish()
    }
}
