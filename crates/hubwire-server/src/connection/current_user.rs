//! The user of a connection, as authenticated last.

use super::Principal;

/// The user of a connection, as authenticated by the last request that has opened or kept it.
///
/// Of long polling, these are its polls: a user may lose a role, and get a new token, while the
/// connection lives. The user remains the same, and so does the user id.
#[derive(Clone, Debug)]
pub(crate) struct CurrentUser {
    pub(crate) principal: Option<Principal>,
    /// When the connection ends because the authentication does, in milliseconds of the node's
    /// clock.
    pub(crate) expires: u64,
}

impl Default for CurrentUser {
    /// Nobody.
    fn default() -> Self {
        Self {
            principal: None,
            expires: u64::MAX,
        }
    }
}
