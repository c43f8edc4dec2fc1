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
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use hubwire_protocol::Transport;
use tower::Service;

use super::access::{self, Access};
use super::arrival_order::ArrivalOrder;
use super::authentication::{Authentication, Authenticator};
use super::connection_table::ConnectionTable;
use super::origin::AllowedOrigins;
use super::refused_origins::RefusedOrigins;
use super::{cors, negotiate, response, routing};
use crate::connection::{Connection, CurrentUser, Principal};
use crate::handler::AnyConnectionHandler;
use crate::hub::{HubRuntime, Policy};
use crate::node::{
    Configure, DeadPeerTimeouts, EndpointDefaults, EndpointOptions, InvalidOption, KeepRequest,
    endpoint_option_setters,
};
use crate::outbound::{Bounds, Progress};
use crate::session::{AnySession, RawSession, Session};
use crate::transport::{self, AfterResponse, Input, TransportKind};

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
    /// What serves connections in place of the hub.
    handler: Option<Arc<dyn AnyConnectionHandler>>,
    pub(super) table: Arc<ConnectionTable>,
    pub(super) options: Arc<EndpointOptions>,
    defaults: Arc<EndpointDefaults>,
    /// The limits for messages that wait for a client, from the options.
    pub(super) bounds: Arc<Bounds>,
    /// The allowed origins of pages, from the options.
    pub(super) allowed_origins: Arc<AllowedOrigins>,
    pub(super) refused_origins: Arc<RefusedOrigins>,
    pub(super) access: Access,
}

impl HubEndpoint {
    /// # Panics
    ///
    /// Panics if an option makes no sense.
    #[track_caller]
    pub(crate) fn new(
        hub: Arc<HubRuntime>,
        table: Arc<ConnectionTable>,
        defaults: Arc<EndpointDefaults>,
        access: Access,
    ) -> Self {
        Self {
            access,
            number: NEXT_ENDPOINT.fetch_add(1, Ordering::Relaxed),
            bounds: Arc::new(bounds(&hub, &defaults.options)),
            allowed_origins: Arc::default(),
            refused_origins: Arc::default(),
            options: Arc::new(defaults.options.clone()),
            hub,
            handler: None,
            table,
            defaults,
        }
        .checked()
    }

    /// Serves connections by a handler, in place of the hub.
    pub(super) fn served_by(self, handler: Arc<dyn AnyConnectionHandler>) -> Self {
        Self {
            handler: Some(handler),
            ..self
        }
    }

    /// Sets all options at once, instead of those of the server.
    ///
    /// # Panics
    ///
    /// Panics under the same conditions as the setter of each option.
    #[must_use]
    #[track_caller]
    pub fn options(self, options: EndpointOptions) -> Self {
        self.configure(|it| *it = options)
    }

    /// Asks for a policy: every request, also each poll and each POST, must come from a user who
    /// meets it, beyond what was asked for before.
    ///
    /// A request without a user is refused with 401, one of a user who does not meet the policy
    /// with 403, both without a body. The endpoints of a hub with `#[authorize]` on its block begin
    /// with what that asks for.
    ///
    /// ```
    /// use hubwire::auth::Policy;
    /// use hubwire::{SignalR, hub};
    ///
    /// struct StaffHub;
    ///
    /// #[hub]
    /// impl StaffHub {}
    ///
    /// let signalr = SignalR::new();
    /// let staff = signalr.hub().build(StaffHub).endpoint().authorize(Policy::role("Staff"));
    /// ```
    #[must_use]
    pub fn authorize(mut self, policy: Policy) -> Self {
        self.access.require(policy);
        self
    }

    /// Lets everybody use the endpoint, whatever was asked for before; methods still ask for what
    /// they ask for. This is .NET's `AllowAnonymous`.
    #[must_use]
    pub fn allow_anonymous(mut self) -> Self {
        self.access.open();
        self
    }

    /// Sets what determines the users of this endpoint's requests, in place of the server's
    /// ([`SignalRBuilder::authenticator`](crate::SignalRBuilder::authenticator)).
    #[must_use]
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        let node = Arc::clone(self.hub.node());
        let authentication = Authentication::new(Arc::new(authenticator), node);
        self.access.authentication = Some(Arc::new(authentication));
        self
    }

    pub(crate) fn hub(&self) -> &Arc<HubRuntime> {
        &self.hub
    }

    /// Returns the user that a connection has from a request on.
    pub(super) fn current_user(&self, principal: Option<Principal>) -> CurrentUser {
        let closes = self.options.close_on_authentication_expiration;
        let expires = principal.as_ref().and_then(Principal::expires);
        let expires = expires.filter(|_| closes);
        CurrentUser {
            expires: expires.map_or(u64::MAX, |time| self.hub.node().at_calendar_time(time)),
            principal,
        }
    }

    /// Creates the session of a connection that was opened at this endpoint.
    pub(crate) fn session(
        &self,
        connection: Arc<Connection>,
        kind: &'static TransportKind,
        input: Input,
    ) -> AnySession {
        let (hub, options) = (Arc::clone(&self.hub), Arc::clone(&self.options));
        let transport = transport::Transport {
            kind,
            input,
            close_timeout: match kind.transport {
                Transport::LongPolling => options.disconnect_timeout,
                _ => options.web_socket_close_timeout,
            },
        };
        match &self.handler {
            None => AnySession::Hub(Box::new(Session::new(hub, options, connection, transport))),
            Some(handler) => AnySession::Raw(Box::new(RawSession::new(
                hub,
                Arc::clone(handler),
                &options,
                connection,
                transport,
            ))),
        }
    }

    /// Returns the service of `{path}/negotiate`.
    #[must_use]
    pub fn negotiate(&self) -> NegotiateEndpoint {
        NegotiateEndpoint(self.clone())
    }

    #[track_caller]
    fn checked(mut self) -> Self {
        if let Err(invalid) = self.options.validate() {
            panic!("{invalid}");
        }
        self.allowed_origins = match AllowedOrigins::new(&self.options.allowed_origins) {
            Ok(origins) => Arc::new(origins),
            Err(invalid) => panic!("{invalid}"),
        };
        self.bounds = Arc::new(bounds(&self.hub, &self.options));
        self
    }
}

/// A setter panics if its value makes no sense: a time or a size of zero, or an origin that could
/// never match, such as `*` or `https://chat.example/path`
/// ([`EndpointOptions::validate`]).
impl HubEndpoint {
    endpoint_option_setters!();
}

impl Configure<EndpointOptions> for HubEndpoint {
    #[track_caller]
    fn configure(mut self, change: impl FnOnce(&mut EndpointOptions)) -> Self {
        let options = Arc::make_mut(&mut self.options);
        change(options);
        self.defaults.configure(options);
        self.checked()
    }
}

impl EndpointOptions {
    /// Checks that every option makes sense, as the setters of [`HubEndpoint`] do.
    ///
    /// # Errors
    ///
    /// Returns the first option that makes no sense: a time or a size of zero, but for
    /// `maximum_kept_request_size`, a number beyond half of the address space, or an origin that
    /// could never match.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        self.check_each()?;
        InvalidOption::refuse_zero(&[
            (
                "application_maximum_buffer_size",
                self.application_maximum_buffer_size,
            ),
            ("transport_progress_size", self.transport_progress_size),
        ])?;
        AllowedOrigins::new(&self.allowed_origins).map(drop)
    }
}

fn bounds(hub: &HubRuntime, endpoint: &EndpointOptions) -> Bounds {
    let flushers = hub.lifetime().flushers();
    let hub = hub.options();
    Bounds {
        bytes: hub.outbound_buffer_size,
        maximum: hub.maximum_outbound_buffer_size,
        answers: hub.answer_buffer_size,
        turn: flushers.turn(),
        send_timeout: endpoint.transport_send_timeout,
        progress: Progress {
            bytes: endpoint.transport_progress_size,
            timeout: endpoint.transport_progress_timeout,
        },
        dead_peers: endpoint.dead_peer_timeouts,
        absence: endpoint.disconnect_timeout,
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
pub(super) type ResponseFuture = BoxFuture<'static, Result<Response<Body>, Infallible>>;

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
        let after = AfterResponse::of(&request);
        match cors::admit(self, &request) {
            ControlFlow::Continue(cors) => {
                let response = self.decide(request.map(Body::new), routing::respond);
                Box::pin(response.map(move |response| Ok(after.add_to(cors.add_to(response)))))
            }
            ControlFlow::Break(response) => Box::pin(ready(Ok(after.add_to(response)))),
        }
    }
}

/// Responds to a request that may be served.
type Respond = fn(&HubEndpoint, Request<Body>) -> BoxFuture<'static, Response<Body>>;

impl HubEndpoint {
    /// Responds to a request, after a decision about it if anybody decides here.
    fn decide(
        &self,
        request: Request<Body>,
        respond: Respond,
    ) -> BoxFuture<'static, Response<Body>> {
        // Nothing is done for OPTIONS, and browsers send it without credentials.
        let is_for_everybody = self.access.is_open() || *request.method() == Method::OPTIONS;
        match is_for_everybody {
            true => respond(self, request),
            false => Box::pin(admitted(self.clone(), request, respond)),
        }
    }
}

/// Responds to a request once it is known whose it is, and that it may be served.
async fn admitted(
    endpoint: HubEndpoint,
    request: Request<Body>,
    respond: Respond,
) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let begun = endpoint.hub.lifetime().disconnect_count();
    parts.extensions.insert(begun);
    parts.extensions.insert(ArrivalOrder::next());
    let asked = endpoint.clone();
    let admitting = async move {
        let admitted = access::admit(&asked, &mut parts).await;
        (parts, admitted)
    };
    let node = endpoint.hub.node();
    let admitted = node.guarded_future("what decides about a request", admitting);
    let parts = match admitted.await {
        Some((parts, Ok(()))) => parts,
        Some((_, Err(refusal))) => return *refusal,
        None => return response::empty(StatusCode::INTERNAL_SERVER_ERROR),
    };
    respond(&endpoint, Request::from_parts(parts, body)).await
}

/// The negotiation service of a [`HubEndpoint`] or a [`ConnectionEndpoint`](crate::ConnectionEndpoint).
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
        let after = AfterResponse::of(&request);
        match cors::admit(&self.0, &request) {
            ControlFlow::Continue(cors) => {
                let response = self.0.decide(request.map(Body::new), |endpoint, request| {
                    let (parts, _) = request.into_parts();
                    Box::pin(ready(negotiate::respond(endpoint, &parts)))
                });
                Box::pin(response.map(move |response| Ok(after.add_to(cors.add_to(response)))))
            }
            ControlFlow::Break(response) => Box::pin(ready(Ok(after.add_to(response)))),
        }
    }
}
