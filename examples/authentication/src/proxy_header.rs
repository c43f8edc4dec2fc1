//! Users whom a proxy in front of the server has signed in, such as oauth2-proxy.

use hubwire::Principal;
use hubwire::auth::{AuthenticationError, AuthenticationRequest, Authenticator};

/// The user's name, and the groups, separated by commas. The proxy sets both for every request, or
/// removes what its client has sent.
pub(crate) const USER: &str = "X-Forwarded-User";
pub(crate) const GROUPS: &str = "X-Forwarded-Groups";

/// Believes the headers if one of the server's `trusted_proxies` sends them, and nobody else.
pub(crate) struct ProxyHeader;

impl Authenticator for ProxyHeader {
    async fn authenticate(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<Option<Principal>, AuthenticationError> {
        if !request.is_from_trusted_proxy() {
            return Ok(None);
        }
        let Some(user) = request.header(USER).filter(|user| !user.is_empty()) else {
            return Ok(None);
        };
        let groups = request.header(GROUPS).unwrap_or_default().split(',');
        let groups = groups.map(str::trim).filter(|group| !group.is_empty());
        let roles = groups.map(|group| ("role", group));
        Ok(Some(Principal::new(
            [("sub", user)].into_iter().chain(roles),
        )))
    }
}
