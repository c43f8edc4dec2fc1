//! The id by which the user of a connection is addressed.

use std::fmt;

use hubwire_core::UserId;

use super::{ConnectionRequest, Principal};

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
