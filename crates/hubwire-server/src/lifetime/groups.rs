//! Joining and leaving groups.

use std::sync::Arc;

use futures_core::future::BoxFuture;
use hubwire_core::{ConnectionId, GroupAction, GroupError, GroupName, Subject};

use super::manager::DefaultHubLifetimeManager;
use crate::connection::Connection;
use crate::node::Whose;

impl DefaultHubLifetimeManager {
    /// Changes a group if the connection is on this node; resolves once the other nodes know of
    /// it.
    pub(crate) fn change_local_group(
        &self,
        action: GroupAction,
        connection_id: &ConnectionId,
        group: &GroupName,
    ) -> Option<Result<BoxFuture<'static, ()>, GroupError>> {
        let connection = self.connections.get(connection_id)?;
        let changed = match action {
            GroupAction::Add => self.join(&connection, group),
            GroupAction::Remove => {
                self.leave(&connection, group);
                Ok(())
            }
        };
        if let Err(error) = changed {
            return Some(Err(error));
        }
        let Some(cluster) = self.cluster.clone() else {
            return Some(Ok(Box::pin(std::future::ready(()))));
        };
        let subject = Subject::Group(group.clone());
        Some(Ok(Box::pin(async move { cluster.heard(&subject).await })))
    }

    fn join(&self, connection: &Arc<Connection>, group: &GroupName) -> Result<(), GroupError> {
        if group.len() > self.maximum_name_size {
            let whose = Whose {
                hub: &self.hub,
                connection_id: connection.id(),
            };
            self.node.limits().group_name.count_of(whose);
            return Err(GroupError::NameTooLong {
                length: group.len(),
                limit: self.maximum_name_size,
            });
        }
        let mut groups = connection.groups();
        if groups.contains(group) {
            return Ok(());
        }
        if groups.len() >= self.maximum_groups {
            // Unlock first: counting and logging run other code.
            drop(groups);
            if let Some(hits) = self.node.limits().groups.hit(self.node.now()) {
                tracing::warn!(
                    target: "hubwire::lifetime",
                    hits,
                    hub = %self.hub,
                    connection_id = %connection.id(),
                    "a connection is in too many groups"
                );
            }
            return Err(GroupError::TooManyGroups {
                connection_id: connection.id().to_string(),
                limit: self.maximum_groups,
            });
        }
        groups.insert(group.clone());
        let hear = || self.hear(&Subject::Group(group.clone()));
        self.groups.add(group, connection, hear);
        drop(groups);
        // A connection that ended in the meantime has already left its groups, so nothing else
        // would undo this.
        if self.connections.get(connection.id()).is_none() {
            self.leave(connection, group);
        }
        Ok(())
    }

    fn leave(&self, connection: &Arc<Connection>, group: &GroupName) {
        let mut groups = connection.groups();
        groups.swap_remove(group);
        let forget = || self.stop_hearing(&Subject::Group(group.clone()));
        self.groups.remove(group, connection, forget);
    }

    pub(super) fn change_group(
        &self,
        action: GroupAction,
        connection_id: ConnectionId,
        group: GroupName,
    ) -> BoxFuture<'static, Result<(), GroupError>> {
        if let Some(changed) = self.change_local_group(action, &connection_id, &group) {
            return Box::pin(async move {
                changed?.await;
                Ok(())
            });
        }
        match &self.cluster {
            Some(cluster) => cluster.change_remote_group(action, connection_id, group),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }
}
