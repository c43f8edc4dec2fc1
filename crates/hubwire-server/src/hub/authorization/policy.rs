//! Policies: what a user must have to use an endpoint or to call a method.

use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::{Authorize, PolicyContext};
use crate::connection::Principal;
use crate::hub::{HubError, HubResult};
use crate::node::caught;

/// What a user must have to use an endpoint
/// ([`HubEndpoint::authorize`](crate::HubEndpoint::authorize)) or to call a method
/// (`#[authorize(policy = "..")]`).
///
/// Nobody who is not signed in meets any policy.
///
/// ```
/// use hubwire::auth::Policy;
/// use hubwire::{MapHub, SignalR, hub};
///
/// struct OrderHub;
///
/// #[hub]
/// impl OrderHub {
///     #[authorize(policy = "OfTheKitchen")]
///     pub async fn cook(&self, order: u32) {}
/// }
///
/// let signalr = SignalR::new();
/// let orders = signalr
///     .hub()
///     .policy("OfTheKitchen", Policy::role("Cook").and(Policy::claim("shift", ["day"])))
///     .build(OrderHub);
/// let app: axum::Router = axum::Router::new()
///     .map_hub("/hubs/orders", orders.endpoint().authorize(Policy::authenticated()));
/// ```
#[derive(Clone)]
pub struct Policy(Arc<[Requirement]>);

#[derive(Clone)]
enum Requirement {
    /// One of these roles.
    Role(Box<[String]>),
    /// A claim of this type; with one of these values, unless any will do.
    Claim(String, Option<Box<[String]>>),
    Check(Check),
}

#[derive(Clone)]
struct Check {
    check: Arc<AnyCheck>,
    arguments: Arguments,
}

type AnyCheck = dyn Fn(PolicyContext) -> BoxFuture<'static, HubResult<bool>> + Send + Sync;

/// Whether a check is given the arguments of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arguments {
    Read,
    LeftOut,
}

impl Policy {
    /// Asks for a signed-in user.
    #[must_use]
    pub fn authenticated() -> Self {
        Self(Arc::default())
    }

    /// Asks for a user with this role, see [`Principal::is_in_role`].
    #[must_use]
    pub fn role(role: impl Into<String>) -> Self {
        Self::any_role([role])
    }

    /// Asks for a user with at least one of these roles, as .NET's `RequireRole` does.
    ///
    /// If there are none, nobody meets the policy.
    #[must_use]
    pub fn any_role<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        let roles = roles.into_iter().map(Into::into).collect();
        Self::of(Requirement::Role(roles))
    }

    /// Asks for a user with a claim of this type, whatever its value.
    #[must_use]
    pub fn has_claim(kind: impl Into<String>) -> Self {
        Self::of(Requirement::Claim(kind.into(), None))
    }

    /// Asks for a user with a claim of this type that has one of these values.
    ///
    /// If there are none, nobody meets the policy.
    #[must_use]
    pub fn claim<V: Into<String>>(
        kind: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self::of(Requirement::Claim(kind.into(), Some(values)))
    }

    /// Asks for a user of whom this function says `true`.
    ///
    /// It runs once for each request to an endpoint, and once for each call of a method. For a
    /// method, it runs in place of the method for as long as it takes: the next call of the
    /// connection waits, as it would wait for the method.
    ///
    /// If it says `true` of the call of a user who has lost a role or a claim meanwhile (by a poll
    /// with another token), the call is refused nevertheless.
    ///
    /// If the function returns an error or panics, the request is refused (500), or the call fails
    /// with a hidden error; both are logged. The exception is an error of
    /// [`PolicyContext::argument`], by which the call is refused like others.
    ///
    /// # Cancellation
    ///
    /// The future of a call is dropped when the client cancels the call, and when the connection
    /// ends: a method that has begun runs on then, but none begins. That of a request is dropped
    /// when the client gives the request up, or when
    /// [`authentication_timeout`](crate::EndpointOptions::authentication_timeout) is over.
    ///
    /// ```
    /// use hubwire::auth::Policy;
    ///
    /// # #[derive(Clone)] struct Store;
    /// # impl Store { async fn is_open(&self, user: &str) -> Result<bool, std::io::Error> { Ok(user == "ann") } }
    /// # let store = Store;
    /// let may_enter = Policy::check(move |cx| {
    ///     let store = store.clone();
    ///     async move {
    ///         let Some(user) = cx.principal().name_identifier() else {
    ///             return Ok(false);
    ///         };
    ///         Ok(store.is_open(user).await?)
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn check<F, C>(check: C) -> Self
    where
        C: Fn(PolicyContext) -> F + Send + Sync + 'static,
        F: Future<Output = HubResult<bool>> + Send + 'static,
    {
        Self::checked(check, Arguments::LeftOut)
    }

    /// Like [`Policy::check`], with the arguments of the call
    /// ([`PolicyContext::argument`]), which are copied for it.
    ///
    /// ```
    /// use hubwire::auth::Policy;
    ///
    /// let own_orders_only = Policy::check_with_arguments(async |cx| {
    ///     let owner: String = cx.argument(0)?;
    ///     Ok(cx.principal().name_identifier() == Some(&owner))
    /// });
    /// ```
    #[must_use]
    pub fn check_with_arguments<F, C>(check: C) -> Self
    where
        C: Fn(PolicyContext) -> F + Send + Sync + 'static,
        F: Future<Output = HubResult<bool>> + Send + 'static,
    {
        Self::checked(check, Arguments::Read)
    }

    fn checked<F, C>(check: C, arguments: Arguments) -> Self
    where
        C: Fn(PolicyContext) -> F + Send + Sync + 'static,
        F: Future<Output = HubResult<bool>> + Send + 'static,
    {
        Self::of(Requirement::Check(Check {
            check: Arc::new(move |cx| Box::pin(check(cx))),
            arguments,
        }))
    }

    fn of(requirement: Requirement) -> Self {
        Self([requirement].into())
    }

    /// Asks for what both policies ask for.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let both = [self.0, other.0];
        Self(both.iter().flat_map(|it| it.iter().cloned()).collect())
    }

    /// Returns what the roles of an `#[authorize]` ask for.
    pub(crate) fn of_roles(authorize: &Authorize) -> Self {
        match authorize.roles {
            [] => Self::authenticated(),
            roles => Self::any_role(roles.iter().copied()),
        }
    }

    /// Returns whether a user has the roles and claims.
    pub(crate) fn allows(&self, principal: &Principal) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::Role(roles) => roles.iter().any(|role| principal.is_in_role(role)),
            Requirement::Claim(kind, None) => principal.claim(kind).is_some(),
            Requirement::Claim(kind, Some(values)) => {
                values.iter().any(|value| principal.has_claim(kind, value))
            }
            Requirement::Check(_) => true,
        })
    }

    /// Returns whether there is more to decide than roles and claims, which takes time.
    pub(crate) fn has_checks(&self) -> bool {
        self.checks().next().is_some()
    }

    /// Returns whether a check asks for the arguments of calls.
    pub(crate) fn reads_arguments(&self) -> bool {
        self.checks().any(|it| it.arguments == Arguments::Read)
    }

    /// Runs the checks until one says no.
    ///
    /// # Errors
    ///
    /// Returns the error, or the panic, of a check.
    pub(crate) async fn check_all(&self, cx: &PolicyContext) -> Result<bool, HubError> {
        for Check { check, .. } in self.checks() {
            let decided = async { check(cx.clone()).await };
            match caught(decided).await {
                Ok(Ok(true)) => {}
                Ok(decided) => return decided,
                Err(panic) => return Err(HubError::panicked(panic)),
            }
        }
        Ok(true)
    }

    fn checks(&self) -> impl Iterator<Item = &Check> {
        self.0.iter().filter_map(|requirement| match requirement {
            Requirement::Check(check) => Some(check),
            Requirement::Role(_) | Requirement::Claim(..) => None,
        })
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policy").field(&self.0).finish()
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(roles) => f.debug_tuple("Role").field(roles).finish(),
            Self::Claim(kind, values) => f.debug_tuple("Claim").field(kind).field(values).finish(),
            Self::Check(check) => f.debug_tuple("Check").field(&check.arguments).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_claims_are_compared_exactly_and_all_are_asked_for() {
        let ann = Principal::new([("role", "Cook"), ("shift", "day")]);
        let day = Policy::claim("shift", ["day", "night"]);
        assert!(Policy::authenticated().allows(&ann));
        assert!(Policy::role("Cook").and(day.clone()).allows(&ann));
        assert!(!Policy::role("cook").allows(&ann));
        assert!(!Policy::role("Admin").and(day).allows(&ann));
        assert!(Policy::has_claim("shift").allows(&ann));
        assert!(!Policy::has_claim("mail").allows(&ann));
        assert!(!Policy::claim("shift", [""; 0]).allows(&ann));
        assert!(!Policy::claim("shift", ["night"]).allows(&ann));
        assert!(!Policy::any_role([""; 0]).allows(&ann));
    }
}
