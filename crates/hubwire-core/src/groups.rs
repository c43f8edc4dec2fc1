//! The handle that adds connections to groups and removes them.

use std::fmt;
use std::sync::Arc;

use crate::{ConnectionId, GroupError, GroupName, HubLifetimeManager};

/// Adds connections to groups and removes them.
///
/// A group exists while it has members. Membership ends with the connection and is not restored when a
/// client reconnects with a new connection id: it joins again.
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
    /// The groups of the hub that `lifetime` serves.
    pub fn new(lifetime: Arc<dyn HubLifetimeManager>) -> Self {
        Self { lifetime }
    }

    /// Adds a connection to a group; adding it twice does nothing.
    ///
    /// When this resolves, messages to the group reach the connection. Without a backplane an id that
    /// does not exist is no error, for a connection may end at any time; with one, no node acknowledges it.
    ///
    /// # Errors
    ///
    /// [`GroupError`] when the connection is in as many groups as its hub allows, when the name is too
    /// long, or when the connection is not on this node and no other could be reached, or none acknowledged
    /// within 30 s.
    ///
    /// # Cancellation
    ///
    /// A future dropped before it resolved may or may not have added the connection.
    pub async fn add(
        &self,
        connection_id: impl Into<ConnectionId>,
        group: impl Into<GroupName>,
    ) -> Result<(), GroupError> {
        self.lifetime
            .add_to_group(connection_id.into(), group.into())
            .await
    }

    /// Removes a connection from a group; removing one that is no member does nothing.
    ///
    /// # Errors
    ///
    /// [`GroupError`] when the connection is on another node that could not be reached.
    ///
    /// # Cancellation
    ///
    /// A future dropped before it resolved may or may not have removed the connection.
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
