//! The connections of a test that a target addresses.

use std::sync::Arc;

use hubwire_core::{ConnectionId, GroupName, Target, UserId};
use indexmap::{IndexMap, IndexSet};

use super::GroupChange;
use crate::connection::Connection;

/// The connections that a test has created, in that order, and their groups.
#[derive(Debug, Default)]
pub(super) struct Members {
    connections: IndexMap<ConnectionId, Arc<Connection>>,
    groups: IndexMap<GroupName, IndexSet<ConnectionId>>,
}

impl Members {
    /// Adds a connection; returns the one that had this id before.
    pub(super) fn open(&mut self, connection: &Arc<Connection>) -> Option<Arc<Connection>> {
        let id = connection.id().clone();
        self.connections.insert(id, Arc::clone(connection))
    }

    /// Returns the known connections that a target addresses.
    pub(super) fn connections(&self, target: &Target) -> Vec<Arc<Connection>> {
        let ids = self.of(target).into_iter();
        ids.filter_map(|id| self.connections.get(&id).cloned())
            .collect()
    }

    pub(super) fn change(&mut self, change: &GroupChange) {
        match change {
            GroupChange::Added(id, group) => {
                let members = self.groups.entry(group.clone()).or_default();
                members.insert(id.clone());
            }
            GroupChange::Removed(id, group) => {
                if let Some(members) = self.groups.get_mut(group) {
                    members.shift_remove(id);
                }
            }
        }
    }

    /// Returns the connections that a target addresses. A single connection is returned even if it
    /// is unknown.
    pub(super) fn of(&self, target: &Target) -> Vec<ConnectionId> {
        match target {
            Target::Connection(id) => vec![id.clone()],
            Target::All => self.those(|_, _| true),
            Target::AllExcept(ids) => self.those(|id, _| !ids.contains(id)),
            Target::Connections(ids) => self.those(|id, _| ids.contains(id)),
            Target::Group(group) => self.those(|id, _| self.is_in(group, id)),
            Target::GroupExcept(group, ids) => {
                self.those(|id, _| self.is_in(group, id) && !ids.contains(id))
            }
            Target::Groups(groups) => groups
                .iter()
                .flat_map(|group| self.those(|id, _| self.is_in(group, id)))
                .collect(),
            Target::User(user) => self.those(|_, of| of == Some(user)),
            Target::Users(users) => self.those(|_, of| of.is_some_and(|of| users.contains(of))),
            _ => Vec::new(),
        }
    }

    fn those(&self, wanted: impl Fn(&ConnectionId, Option<&UserId>) -> bool) -> Vec<ConnectionId> {
        let wanted = self
            .connections
            .iter()
            .filter(|(id, connection)| wanted(id, connection.user_id()));
        wanted.map(|(id, _)| id.clone()).collect()
    }

    fn is_in(&self, group: &GroupName, id: &ConnectionId) -> bool {
        let members = self.groups.get(group);
        members.is_some_and(|members| members.contains(id))
    }
}
