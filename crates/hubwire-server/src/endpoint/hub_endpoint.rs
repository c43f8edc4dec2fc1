//! The endpoint of a hub: a tower service for the requests of one mapped path.

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use futures_core::future::BoxFuture;
use http::{Request, Response};
use tower::Service;

use super::connection_table::ConnectionTable;
use super::origin::AllowedOrigins;
use super::refused_origins::RefusedOrigins;
use super::{cors, negotiate, routing};
use crate::connection::Connection;
use crate::hub::HubRuntime;
use crate::node::{DeadPeerTimeouts, EndpointOptions, KeepRequest};
use crate::outbound::{Bounds, Progress};
use crate::session::Session;
use crate::transport::{Input, Transport, TransportKind};

static NEXT_ENDPOINT: AtomicUsize = AtomicUsize::new(0);

/// A hub's endpoint, to be mapped to a path with [`MapHub::map_hub`](crate::MapHub::map_hub).
///
/// It is a [`tower::Service`], so other routers and middleware accept it too. In that case, serve
/// negotiation with the service that [`HubEndpoint::negotiate`] returns, at the path followed by
/// `/negotiate`. A connection id is valid only at the endpoint that issued it and at its clones.
///
/// ```
/// use std::time::Duration;
///
/// use hubwire::{MapHub, SignalR, hub};
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {}
///
/// let signalr = SignalR::new();
/// let chat = signalr.hub().build(ChatHub);
/// let endpoint = chat
///     .endpoint()
///     .allowed_origins(["https://shop.example"])
///     .transport_progress_timeout(Duration::from_secs(30));
/// let app: axum::Router = axum::Router::new().map_hub("/hubs/chat", endpoint);
/// ```
#[derive(Clone)]
pub struct HubEndpoint {
    pub(super) number: usize,
    pub(super) hub: Arc<HubRuntime>,
    pub(super) table: Arc<ConnectionTable>,
    pub(super) options: Arc<EndpointOptions>,
    /// The limits for messages that wait for a client, from the options.
    pub(super) bounds: Arc<Bounds>,
    /// The allowed origins of pages, from the options.
    pub(super) allowed_origins: Arc<AllowedOrigins>,
    pub(super) refused_origins: Arc<RefusedOrigins>,
}

impl HubEndpoint {
    pub(crate) fn new(hub: Arc<HubRuntime>, table: Arc<ConnectionTable>) -> Self {
        let options = EndpointOptions::default();
        Self {
            number: NEXT_ENDPOINT.fetch_add(1, Ordering::Relaxed),
            bounds: Arc::new(bounds(&hub, &options)),
            allowed_origins: Arc::default(),
            refused_origins: Arc::default(),
            hub,
            table,
            options: Arc::new(options),
        }
    }

    /// Sets all options at once.
    ///
    /// # Panics
    ///
    /// Panics under the same conditions as [`HubEndpoint::allowed_origins`].
    #[must_use]
    #[track_caller]
    pub fn options(self, options: EndpointOptions) -> Self {
        self.with(|it| *it = options)
    }

    /// Sets [`EndpointOptions::application_maximum_buffer_size`].
    #[must_use]
    pub fn application_maximum_buffer_size(self, bytes: usize) -> Self {
        self.with(|options| options.application_maximum_buffer_size = bytes)
    }

    /// Sets [`EndpointOptions::transport_send_timeout`].
    #[must_use]
    pub fn transport_send_timeout(self, timeout: Duration) -> Self {
        self.with(|options| options.transport_send_timeout = timeout)
    }

    /// Sets [`EndpointOptions::transport_progress_timeout`].
    #[must_use]
    pub fn transport_progress_timeout(self, timeout: Duration) -> Self {
        self.with(|options| options.transport_progress_timeout = timeout)
    }

    /// Sets [`EndpointOptions::transport_progress_size`].
    #[must_use]
    pub fn transport_progress_size(self, bytes: usize) -> Self {
        self.with(|options| options.transport_progress_size = bytes)
    }

    /// Sets [`EndpointOptions::dead_peer_timeouts`].
    #[must_use]
    pub fn dead_peer_timeouts(self, timeouts: impl Into<Option<DeadPeerTimeouts>>) -> Self {
        let timeouts = timeouts.into();
        self.with(|options| options.dead_peer_timeouts = timeouts)
    }

    /// Sets [`EndpointOptions::minimum_protocol_version`].
    #[must_use]
    pub fn minimum_protocol_version(self, version: i32) -> Self {
        self.with(|options| options.minimum_protocol_version = version)
    }

    /// Sets [`EndpointOptions::web_socket_close_timeout`].
    #[must_use]
    pub fn web_socket_close_timeout(self, timeout: Duration) -> Self {
        self.with(|options| options.web_socket_close_timeout = timeout)
    }

    /// Sets [`EndpointOptions::allowed_origins`].
    ///
    /// # Panics
    ///
    /// Panics if an origin could never match, such as `*` or `https://chat.example/path`.
    #[must_use]
    #[track_caller]
    pub fn allowed_origins<I>(self, origins: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let origins = origins.into_iter().map(Into::into).collect();
        self.with(|options| options.allowed_origins = origins)
    }

    /// Sets [`EndpointOptions::keep_request`].
    #[must_use]
    pub fn keep_request(self, keep: KeepRequest) -> Self {
        self.with(|options| options.keep_request = keep)
    }

    /// Sets [`EndpointOptions::maximum_kept_request_size`].
    #[must_use]
    pub fn maximum_kept_request_size(self, bytes: usize) -> Self {
        self.with(|options| options.maximum_kept_request_size = bytes)
    }

    pub(crate) fn hub(&self) -> &Arc<HubRuntime> {
        &self.hub
    }

    /// Creates the session of a connection that was opened at this endpoint.
    pub(crate) fn session(
        &self,
        connection: Arc<Connection>,
        kind: &'static TransportKind,
        input: Input,
    ) -> Box<Session> {
        let (hub, options) = (Arc::clone(&self.hub), Arc::clone(&self.options));
        let transport = Transport {
            kind,
            input,
            close_timeout: options.web_socket_close_timeout,
        };
        Box::new(Session::new(hub, options, connection, transport))
    }

    /// Returns the service of `{path}/negotiate`.
    #[must_use]
    pub fn negotiate(&self) -> NegotiateEndpoint {
        NegotiateEndpoint(self.clone())
    }

    #[track_caller]
    fn with(mut self, change: impl FnOnce(&mut EndpointOptions)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self.bounds = Arc::new(bounds(&self.hub, &self.options));
        self.allowed_origins = Arc::new(AllowedOrigins::new(&self.options.allowed_origins));
        self
    }
}

fn bounds(hub: &HubRuntime, endpoint: &EndpointOptions) -> Bounds {
    let flushers = hub.lifetime().flushers();
    let hub = hub.options();
    Bounds {
        // With a size of zero, nothing could ever be queued.
        bytes: hub.outbound_buffer_size.max(1),
        maximum: hub.maximum_outbound_buffer_size,
        answers: hub.answer_buffer_size,
        turn: flushers.turn(),
        send_timeout: endpoint.transport_send_timeout,
        progress: Progress {
            bytes: endpoint.transport_progress_size,
            timeout: endpoint.transport_progress_timeout,
        },
        dead_peers: endpoint.dead_peer_timeouts,
        memory: Arc::clone(flushers.memory()),
    }
}

impl fmt::Debug for HubEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubEndpoint")
            .field("hub", self.hub.name())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A response may take as long as its transport: a poll waits for messages.
type ResponseFuture = BoxFuture<'static, Result<Response<Body>, Infallible>>;

impl<B> Service<Request<B>> for HubEndpoint
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
        let response = match cors::admit(self, &request) {
            ControlFlow::Continue(cors) => {
                cors.add_to(routing::respond(self, request.map(Body::new)))
            }
            ControlFlow::Break(response) => response,
        };
        Box::pin(ready(Ok(response)))
    }
}

/// The negotiation service of a [`HubEndpoint`].
#[derive(Clone, Debug)]
pub struct NegotiateEndpoint(HubEndpoint);

impl<B> Service<Request<B>> for NegotiateEndpoint
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
        let response = match cors::admit(&self.0, &request) {
            ControlFlow::Continue(cors) => {
                cors.add_to(negotiate::respond(&self.0, &request.into_parts().0))
            }
            ControlFlow::Break(response) => response,
        };
        Box::pin(ready(Ok(response)))
    }
}
