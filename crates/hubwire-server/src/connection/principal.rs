//! The user of a connection, and what is claimed of them.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// The claim that names a user in ASP.NET Core.
///
/// The [`UserId`](crate::UserIdProvider) of a connection is its principal's claim of this type, or
/// else a JWT's `sub`, unless the hub has a [`UserIdProvider`](crate::UserIdProvider) of its own.
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

/// The claims that give a user a role: those of JWTs, and .NET's `ClaimTypes.Role`.
const ROLES: [&str; 3] = [
    "role",
    "roles",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
];

/// The claims that have the name of a user for people: .NET's `ClaimTypes.Name`, and a JWT's.
const NAMES: [&str; 2] = [
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    "name",
];

/// An authenticated user: claims, each a type and a value, of which several may have one type.
///
/// An [`Authenticator`](crate::Authenticator) creates it, or middleware in front of the hub, which
/// inserts it into the request's extensions. It has no password and no token, and its `Debug` shows
/// only the types of the claims.
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
///         let user = cx.principal()?;
///         let role = user.claim("role")?;
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
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Principal {
    claims: Arc<[(String, String)]>,
    expires: Option<SystemTime>,
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
            expires: None,
        }
    }

    /// Sets the time until which the authentication is good, such as a token's `exp`. Default: for
    /// ever.
    ///
    /// An endpoint with
    /// [`close_on_authentication_expiration`](crate::EndpointOptions::close_on_authentication_expiration)
    /// closes the user's connections then.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use hubwire::Principal;
    ///
    /// let in_an_hour = SystemTime::now() + Duration::from_secs(60 * 60);
    /// let ann = Principal::new([("sub", "ann")]).expiring_at(in_an_hour);
    /// assert_eq!(ann.expires(), Some(in_an_hour));
    /// ```
    #[must_use]
    pub fn expiring_at(mut self, time: SystemTime) -> Self {
        self.expires = Some(time);
        self
    }

    /// Returns the time until which the authentication is good; `None` if it does not end.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Returns the first claim of a type. Types are compared exactly.
    #[must_use]
    pub fn claim(&self, kind: &str) -> Option<&str> {
        self.claims(kind).next()
    }

    /// Returns the claims of a type, in their order.
    ///
    /// ```
    /// use hubwire::Principal;
    ///
    /// let ann = Principal::new([("role", "cook"), ("sub", "ann"), ("role", "waiter")]);
    /// assert!(ann.claims("role").eq(["cook", "waiter"]));
    /// ```
    pub fn claims(&self, kind: &str) -> impl Iterator<Item = &str> {
        let claims = self.all_claims().filter(move |(name, _)| *name == kind);
        claims.map(|(_, value)| value)
    }

    /// Returns all claims, each a type and a value, in their order.
    pub fn all_claims(&self) -> impl Iterator<Item = (&str, &str)> {
        let claims = self.claims.iter();
        claims.map(|(kind, value)| (kind.as_str(), value.as_str()))
    }

    /// Returns whether there is a claim of this type with this value, both compared exactly.
    #[must_use]
    pub fn has_claim(&self, kind: &str, value: &str) -> bool {
        self.claims(kind).any(|it| it == value)
    }

    /// Returns whether the user has a role: a claim `role`, `roles` or .NET's `ClaimTypes.Role` with
    /// this value, compared exactly.
    ///
    /// ```
    /// use hubwire::Principal;
    ///
    /// let ann = Principal::new([("role", "Staff"), ("role", "Admin")]);
    /// assert!(ann.is_in_role("Admin") && ann.is_in_role("Staff"));
    /// assert!(!ann.is_in_role("admin"));
    /// ```
    #[must_use]
    pub fn is_in_role(&self, role: &str) -> bool {
        ROLES.iter().any(|kind| self.has_claim(kind, role))
    }

    /// Returns the user's name for people: .NET's `ClaimTypes.Name`, or else a JWT's `name`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        NAMES.iter().find_map(|kind| self.claim(kind))
    }

    /// Returns the claim that names the user: the name identifier, or else a JWT's `sub`.
    #[must_use]
    pub fn name_identifier(&self) -> Option<&str> {
        self.claim(NAME_IDENTIFIER).or_else(|| self.claim("sub"))
    }
}

impl fmt::Debug for Principal {
    /// Shows the types of the claims; their values must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = fmt::from_fn(|f| {
            f.debug_list()
                .entries(self.all_claims().map(|(kind, _)| kind))
                .finish()
        });
        f.debug_struct("Principal")
            .field("claims", &kinds)
            .field("expires", &self.expires)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_those_of_each_claim_that_gives_roles() {
        let user = Principal::new([
            ("role", "Staff"),
            ("roles", "Cook"),
            (ROLES[2], "Admin"),
            ("scope", "Owner"),
        ]);
        assert!(
            ["Staff", "Cook", "Admin"]
                .iter()
                .all(|it| user.is_in_role(it))
        );
        assert!(!user.is_in_role("Owner"));
    }

    #[test]
    fn a_dotnet_name_goes_before_a_name() {
        let user = Principal::new([("name", "Ann"), (NAMES[0], "Ann B.")]);
        assert_eq!(user.name(), Some("Ann B."));
        assert_eq!(Principal::new([("name", "Ann")]).name(), Some("Ann"));
        assert_eq!(Principal::default().name(), None);
    }

    #[test]
    fn values_are_not_shown() {
        let user = Principal::new([("sub", "secret"), ("mail", "secret")]);
        let shown = format!("{user:?}");
        assert!(shown.contains(r#"["sub", "mail"]"#), "{shown}");
        assert!(!shown.contains("secret"));
    }
}
