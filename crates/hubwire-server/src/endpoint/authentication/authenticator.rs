//! The interface of what determines the users of requests.

use std::fmt;
use std::future::Future;

use futures_core::future::BoxFuture;
use http::HeaderValue;

use super::{AuthenticationError, AuthenticationRequest};
use crate::connection::Principal;

/// Determines the users of requests: by a token, a cookie, a key, or what a proxy says.
///
/// It is set for all endpoints of a server
/// ([`SignalRBuilder::authenticator`](crate::SignalRBuilder::authenticator)) or for one
/// ([`HubEndpoint::authenticator`](crate::HubEndpoint::authenticator)), and runs for each request,
/// also for each poll and each POST. It decides who somebody is, not what they may do: a request
/// without a user is served, unless the endpoint or the method asks for one.
///
/// ```
/// use std::collections::HashMap;
///
/// use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator, Policy};
/// use hubwire::{MapHub, Principal, SignalR, hub};
///
/// /// Services of one's own, each with a key.
/// struct ApiKeys(HashMap<String, String>);
///
/// impl Authenticator for ApiKeys {
///     async fn authenticate(
///         &self,
///         request: &AuthenticationRequest<'_>,
///     ) -> Result<Option<Principal>, AuthenticationError> {
///         let Some(key) = request.header("x-api-key") else {
///             return Ok(None);
///         };
///         match self.0.get(key) {
///             Some(service) => Ok(Some(Principal::new([("sub", service)]))),
///             None => Err(AuthenticationError::rejected("an unknown API key")),
///         }
///     }
/// }
///
/// struct OrderHub;
///
/// #[hub]
/// impl OrderHub {}
///
/// let keys = HashMap::from([("k-5f2b".to_owned(), "billing".to_owned())]);
/// let signalr = SignalR::builder().authenticator(ApiKeys(keys)).build();
/// let orders = signalr.hub().build(OrderHub);
/// let app: axum::Router = axum::Router::new()
///     .map_hub("/hubs/orders", orders.endpoint().authorize(Policy::authenticated()));
/// ```
///
/// An authenticator that looks its secrets up in a map, as this one does, tells by its duration
/// how they are stored; keep hashes of keys, as `docs/authentication.md` does.
pub trait Authenticator: Send + Sync + 'static {
    /// Returns the user of a request; `None` if it has no credentials of this kind.
    ///
    /// It may take up to
    /// [`authentication_timeout`](crate::EndpointOptions::authentication_timeout). If it panics,
    /// the request is refused (500).
    ///
    /// # Errors
    ///
    /// Returns [`AuthenticationError::rejected`] for credentials that are not valid: the request
    /// then has no user. Any other error refuses the request (503), because nobody can tell whose
    /// it is.
    ///
    /// # Cancellation
    ///
    /// The future is dropped if the client gives its request up, and after the timeout.
    fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> impl Future<Output = Result<Option<Principal>, AuthenticationError>> + Send;

    /// Returns the `WWW-Authenticate` header for requests that need a user and have none (401), such
    /// as `Bearer`. Default: none.
    fn challenge(&self) -> Option<HeaderValue> {
        None
    }
}

/// An object-safe [`Authenticator`].
pub(crate) trait AnyAuthenticator: Send + Sync {
    fn authenticate<'a>(
        &'a self,
        request: &'a AuthenticationRequest<'_>,
    ) -> BoxFuture<'a, Result<Option<Principal>, AuthenticationError>>;

    fn challenge(&self) -> Option<HeaderValue>;
}

impl<A: Authenticator> AnyAuthenticator for A {
    fn authenticate<'a>(
        &'a self,
        request: &'a AuthenticationRequest<'_>,
    ) -> BoxFuture<'a, Result<Option<Principal>, AuthenticationError>> {
        Box::pin(Authenticator::authenticate(self, request))
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Authenticator::challenge(self)
    }
}

impl fmt::Debug for dyn AnyAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator")
    }
}
