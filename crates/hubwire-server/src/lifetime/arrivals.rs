//! Connections that are being opened: from their transport until they are registered.

use std::sync::{Arc, Weak};

use hubwire_core::{ConnectionId, Target, UserId};

use super::memberships::Memberships;
use super::recent_disconnects::RecentDisconnects;
use super::sending::distinct;
use crate::connection::Connection;

/// Finds connections that receive no messages yet, so that they can be disconnected.
///
/// They are in no groups. `Target::All` does not address them either: nobody can count on a
/// connection being among them that is opened a moment later.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Weak, because the map frees removed entries much later.
    by_id: papaya::HashMap<ConnectionId, Weak<Connection>>,
    users: Memberships<UserId>,
    /// For those who have not arrived yet.
    pub(super) recent: RecentDisconnects,
}

impl Arrivals {
    pub(crate) fn insert(&self, connection: &Arc<Connection>) {
        let id = connection.id().clone();
        self.by_id.pin().insert(id, Arc::downgrade(connection));
        if let Some(user) = connection.user_id() {
            self.users.add(user, connection, || {});
        }
    }

    /// Removes a connection; a second call does nothing.
    pub(crate) fn remove(&self, connection: &Connection) {
        if self.by_id.pin().remove(connection.id()).is_some()
            && let Some(user) = connection.user_id()
        {
            self.users.remove(user, connection, || {});
        }
    }

    /// Visits the connections of a target; the visitor must not wait.
    pub(crate) fn visit(&self, target: &Target, mut visit: impl FnMut(&Arc<Connection>)) {
        match target {
            Target::Connection(id) => self.get(id).iter().for_each(visit),
            Target::Connections(ids) => {
                let members = distinct(ids).filter_map(|id| self.get(id));
                members.for_each(|member| visit(&member));
            }
            Target::User(user) => self.users.for_each(user, visit),
            Target::Users(users) => {
                distinct(users).for_each(|user| self.users.for_each(user, &mut visit));
            }
            _ => {}
        }
    }

    fn get(&self, id: &ConnectionId) -> Option<Arc<Connection>> {
        self.by_id.pin().get(id)?.upgrade()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifetime::tests::connection_of;

    #[test]
    fn an_arrival_leaves_nothing_behind() {
        let arrivals = Arrivals::default();
        let ann = connection_of("ann");
        arrivals.insert(&ann);
        let of = |target| {
            let mut count = 0;
            arrivals.visit(&target, |_| count += 1);
            count
        };
        assert_eq!(of(Target::User("ann".into())), 1);
        assert_eq!(of(Target::Connection(ann.id().clone())), 1);
        for _ in 0..2 {
            arrivals.remove(&ann);
            assert_eq!(of(Target::User("ann".into())), 0);
            assert_eq!(of(Target::Connection(ann.id().clone())), 0);
        }
        assert_eq!((arrivals.users.len(), Arc::strong_count(&ann)), (0, 1));
    }
}
