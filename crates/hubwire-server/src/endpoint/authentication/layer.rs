//! The same authentication for an application's other routes.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use futures_core::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service};

use super::{AnyAuthenticator, AuthenticationRequest, Tokens};
use crate::connection::Principal;
use crate::endpoint::response;
use crate::node::{Node, Tally, caught, deadline_after};

/// What an authenticator says of a request.
enum Answer {
    User(Principal),
    Nobody,
    Rejected,
}

/// Marks a request whose user an [`AuthenticationLayer`] has determined, or has not found.
#[derive(Clone)]
struct DeterminedBy(Arc<dyn AnyAuthenticator>);

/// The `WWW-Authenticate` header for a handler's refusal of a request without a user.
#[derive(Clone)]
pub(super) struct Challenge(pub(super) HeaderValue);

/// An authenticator, and what it needs of its server.
#[derive(Clone, Debug)]
pub(crate) struct Authentication {
    authenticator: Arc<dyn AnyAuthenticator>,
    node: Arc<Node>,
    /// Requests that were refused because nobody could tell whose they are.
    unavailable: Arc<Tally>,
}

impl Authentication {
    pub(crate) fn new(authenticator: Arc<dyn AnyAuthenticator>, node: Arc<Node>) -> Self {
        Self {
            authenticator,
            node,
            unavailable: Arc::default(),
        }
    }

    pub(in crate::endpoint) fn challenge(&self) -> Option<HeaderValue> {
        self.authenticator.challenge()
    }

    /// Determines the user of a request, and adds it to the request.
    ///
    /// # Errors
    ///
    /// Returns the status of the refusal if that cannot be determined.
    pub(in crate::endpoint) async fn authenticate(
        &self,
        parts: &mut Parts,
        tokens: Tokens,
        deadline: Instant,
    ) -> Result<(), StatusCode> {
        if let Some(DeterminedBy(other)) = parts.extensions.remove::<DeterminedBy>() {
            let is_known = parts.extensions.get::<Principal>().is_some();
            if is_known && Arc::ptr_eq(&other, &self.authenticator) {
                return Ok(());
            }
            parts.extensions.remove::<Principal>();
        }
        match self.user(parts, tokens, deadline).await? {
            Answer::User(principal) => drop(parts.extensions.insert(principal)),
            Answer::Rejected => drop(parts.extensions.remove::<Principal>()),
            // The user stays whom a middleware of the application's own has determined.
            Answer::Nobody => {}
        }
        Ok(())
    }

    async fn user(
        &self,
        parts: &Parts,
        tokens: Tokens,
        deadline: Instant,
    ) -> Result<Answer, StatusCode> {
        let trusted = self.node.trusted_proxies();
        let request = AuthenticationRequest::received(parts, tokens, trusted);
        let authenticated = async { self.authenticator.authenticate(&request).await };
        match caught(timeout_at(deadline, authenticated)).await {
            Ok(Ok(Ok(Some(principal)))) => Ok(Answer::User(principal)),
            Ok(Ok(Ok(None))) => Ok(Answer::Nobody),
            Ok(Ok(Err(error))) if error.is_rejection() => {
                tracing::debug!(target: "hubwire::authentication", %error, "credentials were rejected");
                Ok(Answer::Rejected)
            }
            Ok(Ok(Err(error))) => {
                self.unavailable(&error);
                Err(StatusCode::SERVICE_UNAVAILABLE)
            }
            Ok(Err(_)) => {
                self.node.limits().authentication_timeout.count();
                self.unavailable(&"the authenticator took too long");
                Err(StatusCode::SERVICE_UNAVAILABLE)
            }
            Err(panic) => {
                panic.log("an authenticator");
                Err(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn unavailable(&self, error: &dyn Display) {
        if let Some(requests) = self.unavailable.happened(self.node.now()) {
            tracing::error!(target: "hubwire::authentication", requests, %error, "requests are refused (503), because nobody can tell whose they are");
        }
    }
}

/// Determines the users of requests to an application's other routes, as for its hubs.
///
/// It inserts a [`Principal`] into the request's extensions, from which a handler takes it as an
/// argument: a request without one is refused (401), unless the argument is an
/// `Option<Principal>`.
///
/// Put it around those routes ([`axum::Router::route_layer`]), before the hubs are mapped: hubs
/// authenticate by themselves, with the CORS headers that pages need, and with the tokens in
/// queries that browsers send.
///
/// ```
/// use axum::Router;
/// use axum::http::StatusCode;
/// use axum::routing::post;
/// use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator};
/// use hubwire::{Principal, SignalR};
///
/// # struct Sessions;
/// # impl Authenticator for Sessions {
/// #     async fn authenticate(&self, _: &AuthenticationRequest<'_>) -> Result<Option<Principal>, AuthenticationError> { Ok(None) }
/// # }
/// async fn ship(user: Principal) -> StatusCode {
///     match user.is_in_role("Admin") {
///         true => StatusCode::OK,
///         false => StatusCode::FORBIDDEN,
///     }
/// }
///
/// let signalr = SignalR::builder().authenticator(Sessions).build();
/// let app: Router = Router::new()
///     .route("/orders/{id}/ship", post(ship))
///     .route_layer(signalr.authentication_layer());
/// ```
#[derive(Clone, Debug)]
pub struct AuthenticationLayer {
    authentication: Arc<Authentication>,
    timeout: Duration,
}

impl AuthenticationLayer {
    pub(crate) fn new(authentication: Authentication, timeout: Duration) -> Self {
        Self {
            authentication: Arc::new(authentication),
            timeout,
        }
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = AuthenticationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticationService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of an [`AuthenticationLayer`].
#[derive(Clone, Debug)]
pub struct AuthenticationService<S> {
    inner: S,
    layer: AuthenticationLayer,
}

impl<S, B> Service<Request<B>> for AuthenticationService<S>
where
    S: Service<Request<B>, Error = Infallible, Response: IntoResponse, Future: Send>
        + Clone
        + Send
        + 'static,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready serves the request; its clone need not be.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let AuthenticationLayer {
            authentication,
            timeout,
        } = self.layer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let asked = Arc::clone(&authentication);
            let authenticating = async move {
                let deadline = deadline_after(timeout);
                let authenticated = asked.authenticate(&mut parts, Tokens::InHeader, deadline);
                let authenticated = authenticated.await;
                let extensions = &mut parts.extensions;
                if extensions.get::<Principal>().is_none()
                    && let Some(challenge) = asked.challenge()
                {
                    extensions.insert(Challenge(challenge));
                }
                (parts, authenticated)
            };
            let node = &authentication.node;
            let authenticated = node.guarded_future("an authenticator", authenticating);
            let mut parts = match authenticated.await {
                Some((parts, Ok(()))) => parts,
                Some((_, Err(status))) => return Ok(response::empty(status)),
                None => return Ok(response::empty(StatusCode::INTERNAL_SERVER_ERROR)),
            };
            let determined_by = DeterminedBy(Arc::clone(&authentication.authenticator));
            parts.extensions.insert(determined_by);
            let response = inner.call(Request::from_parts(parts, body)).await;
            response.map(IntoResponse::into_response)
        })
    }
}
