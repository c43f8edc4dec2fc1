//! The handle that adds connections to groups and removes them.

use std::fmt;
use std::sync::Arc;

use crate::{ConnectionId, GroupError, GroupName, HubLifetimeManager};

/// Adds connections to groups and removes them.
///
/// A group exists while it has members. Membership ends with the connection. It is not restored
/// when a client reconnects with a new connection id: the client must join again.
///
/// ```
/// use hubwire::{HubCallerContext, HubResult, hub};
///
/// struct JobHub;
///
/// #[hub]
/// impl JobHub {
///     pub async fn follow(&self, cx: &HubCallerContext<Self>, job_id: i32) -> HubResult {
///         cx.groups().add(cx.connection_id(), format!("job-{job_id}")).await?;
///         Ok(())
///     }
///
///     pub async fn unfollow(&self, cx: &HubCallerContext<Self>, job_id: i32) -> HubResult {
///         cx.groups().remove(cx.connection_id(), format!("job-{job_id}")).await?;
///         Ok(())
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Groups {
    lifetime: Arc<dyn HubLifetimeManager>,
}

impl Groups {
    /// Creates a handle to the groups of the hub that `lifetime` serves.
    pub fn new(lifetime: Arc<dyn HubLifetimeManager>) -> Self {
        Self { lifetime }
    }

    /// Adds a connection to a group; adding it twice does nothing.
    ///
    /// When this resolves, messages to the group reach the connection. Without a backplane, an id
    /// that does not exist is not an error, because a connection may end at any time. With a
    /// backplane, no node acknowledges such an id.
    ///
    /// # Errors
    ///
    /// Returns [`GroupError`] if the connection is in as many groups as its hub allows, if the
    /// name is too long, or if the connection is not on this node and either the other nodes could
    /// not be reached or none of them acknowledged within 30 s.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped before it resolves, the connection may or may not have been added.
    pub async fn add(
        &self,
        connection_id: impl Into<ConnectionId>,
        group: impl Into<GroupName>,
    ) -> Result<(), GroupError> {
        self.lifetime
            .add_to_group(connection_id.into(), group.into())
            .await
    }

    /// Removes a connection from a group; removing one that is not a member does nothing.
    ///
    /// # Errors
    ///
    /// Returns [`GroupError`] if the connection is on another node that could not be reached.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped before it resolves, the connection may or may not have been
    /// removed.
    pub async fn remove(
        &self,
        connection_id: impl Into<ConnectionId>,
        group: impl Into<GroupName>,
    ) -> Result<(), GroupError> {
        self.lifetime
            .remove_from_group(connection_id.into(), group.into())
            .await
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").finish_non_exhaustive()
    }
}
