//! What `#[authorize]` asks for.

/// What one `#[authorize]` asks for: a signed-in user, and of them one of some roles, and what a
/// policy says.
///
/// A method, or a hub's block, may have several, which must all be met.
///
/// ```
/// use hubwire::manual::Authorize;
///
/// const STAFF_WITH_A_KEY: Authorize = Authorize::new().roles(&["Staff", "Admin"]).policy("HasKey");
/// assert_eq!(STAFF_WITH_A_KEY.policy, Some("HasKey"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorize {
    /// The roles of which the user must have at least one; any user will do if there are none.
    pub roles: &'static [&'static str],
    /// The name of a policy, see [`HubBuilder::policy`](crate::HubBuilder::policy).
    pub policy: Option<&'static str>,
}

impl Authorize {
    /// Asks for a signed-in user.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            roles: &[],
            policy: None,
        }
    }

    /// Asks for one of these roles.
    #[must_use]
    pub const fn roles(mut self, roles: &'static [&'static str]) -> Self {
        self.roles = roles;
        self
    }

    /// Asks for what the policy of this name says.
    #[must_use]
    pub const fn policy(mut self, name: &'static str) -> Self {
        self.policy = Some(name);
        self
    }
}
