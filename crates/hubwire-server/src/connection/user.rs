//! The user of a connection.

use std::fmt;
use std::sync::Arc;

use hubwire_core::UserId;

use super::ConnectionRequest;

/// The claim that names a user in ASP.NET Core.
///
/// The [`UserId`] of a connection is its principal's claim of this type, or else a JWT's `sub`, unless the hub has a
/// [`UserIdProvider`] of its own.
///
/// ```
/// use hubwire::{NAME_IDENTIFIER, Principal};
///
/// let claims = [("sub", "5f2b"), (NAME_IDENTIFIER, "ann"), ("role", "cook")];
/// assert_eq!(Principal::new(claims).name_identifier(), Some("ann"));
/// assert_eq!(Principal::new([("sub", "5f2b")]).name_identifier(), Some("5f2b"));
/// ```
pub const NAME_IDENTIFIER: &str =
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

/// An authenticated user, as determined by the application's own middleware.
///
/// Middleware in front of the hub inserts it into the request's extensions.
///
/// ```
/// use axum::extract::Request;
/// use axum::middleware::{Next, from_fn};
/// use axum::response::Response;
/// use hubwire::{HubCallerContext, MapHub, NAME_IDENTIFIER, Principal, SignalR, hub};
///
/// struct GreetingHub;
///
/// #[hub]
/// impl GreetingHub {
///     pub async fn greet(&self, cx: &HubCallerContext<Self>) -> Option<String> {
///         let role = cx.principal()?.claim("role")?;
///         Some(format!("Hello {role} {}", cx.user_id()?))
///     }
/// }
///
/// /// Stands for one that checks a cookie or a token.
/// async fn authenticate(mut request: Request, next: Next) -> Response {
///     let claims = [(NAME_IDENTIFIER, "ann"), ("role", "cook")];
///     request.extensions_mut().insert(Principal::new(claims));
///     next.run(request).await
/// }
///
/// let signalr = SignalR::new();
/// let greetings = signalr.hub().build(GreetingHub);
/// let app: axum::Router = axum::Router::new()
///     .map_hub("/hubs/greetings", greetings.endpoint())
///     .layer(from_fn(authenticate));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    claims: Arc<[(String, String)]>,
}

impl Principal {
    /// Creates a user with these claims, each a type and a value.
    pub fn new<I, T, V>(claims: I) -> Self
    where
        I: IntoIterator<Item = (T, V)>,
        T: Into<String>,
        V: Into<String>,
    {
        let claims = claims
            .into_iter()
            .map(|(kind, value)| (kind.into(), value.into()));
        Self {
            claims: claims.collect(),
        }
    }

    /// Returns the first claim of a type.
    #[must_use]
    pub fn claim(&self, kind: &str) -> Option<&str> {
        let found = self.claims.iter().find(|(name, _)| name == kind);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the claim that names the user: the name identifier, or else a JWT's `sub`.
    #[must_use]
    pub fn name_identifier(&self) -> Option<&str> {
        self.claim(NAME_IDENTIFIER).or_else(|| self.claim("sub"))
    }
}

/// Determines the user of a connection; called once, when its transport is opened.
///
/// It should not block, because other requests of the same client wait for it. If it panics, the
/// connection is refused (500), or ends if it is a WebSocket.
///
/// Implemented for every `Fn(&ConnectionRequest, Option<&Principal>) -> Option<UserId>`.
///
/// ```
/// use hubwire::{ConnectionRequest, Principal, SignalR, UserId, UserIdProvider, hub};
///
/// /// Users are addressed by their mail address.
/// struct ByMail;
///
/// impl UserIdProvider for ByMail {
///     fn user_id(&self, _: &ConnectionRequest, principal: Option<&Principal>) -> Option<UserId> {
///         principal?.claim("email").map(UserId::from)
///     }
/// }
///
/// struct MailHub;
///
/// #[hub]
/// impl MailHub {}
///
/// let signalr = SignalR::new();
/// let mail = signalr.hub().user_id_provider(ByMail).build(MailHub);
/// ```
pub trait UserIdProvider: Send + Sync + 'static {
    /// Returns the user's id, or `None` for a connection that cannot be addressed by user.
    fn user_id(&self, request: &ConnectionRequest, principal: Option<&Principal>)
    -> Option<UserId>;
}

impl<F> UserIdProvider for F
where
    F: Fn(&ConnectionRequest, Option<&Principal>) -> Option<UserId> + Send + Sync + 'static,
{
    fn user_id(
        &self,
        request: &ConnectionRequest,
        principal: Option<&Principal>,
    ) -> Option<UserId> {
        self(request, principal)
    }
}

/// The default provider: the principal's name identifier, as in ASP.NET Core.
#[derive(Clone, Copy, Debug, Default)]
pub struct NameIdentifierUserIdProvider;

impl UserIdProvider for NameIdentifierUserIdProvider {
    fn user_id(&self, _: &ConnectionRequest, principal: Option<&Principal>) -> Option<UserId> {
        principal?.name_identifier().map(UserId::from)
    }
}

impl fmt::Debug for dyn UserIdProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserIdProvider")
    }
}
