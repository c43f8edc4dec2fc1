//! The only connection of each user, for hubs that allow no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubwire_core::UserId;

use crate::connection::{Connection, DisconnectReason};
use crate::node::KeepConnection;

/// Decides which connection a user keeps.
///
/// Each decision is one step under the lock, so of connections that arrive at once, exactly one
/// stays.
#[derive(Debug, Default)]
pub(crate) struct OnlyConnections {
    keep: Option<KeepConnection>,
    /// The connections of each user, in the order in which they were admitted; none of a user
    /// without any. Nothing, if users may have any number.
    of_users: Mutex<HashMap<UserId, Vec<Arc<Connection>>>>,
}

/// Whether a connection may be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    Yes,
    UserHasAnother,
}

impl OnlyConnections {
    pub(crate) fn new(keep: Option<KeepConnection>) -> Self {
        Self {
            keep,
            of_users: Mutex::default(),
        }
    }

    /// Admits a connection after its handshake, unless an older one of its user is kept.
    pub(crate) fn admit(&self, connection: &Arc<Connection>) -> Admitted {
        let (Some(keep), Some(user)) = (self.keep, connection.user_id()) else {
            return Admitted::Yes;
        };
        let mut of_users = self.lock();
        let of_user = of_users.entry(user.clone()).or_default();
        if keep == KeepConnection::Oldest && of_user.iter().any(|older| !is_leaving(older)) {
            drop(of_users);
            count(connection);
            return Admitted::UserHasAnother;
        }
        of_user.push(Arc::clone(connection));
        Admitted::Yes
    }

    /// Lets a connection that its hub has accepted take the place of its user's older ones, if newer
    /// ones are kept: also of those about which the hub has yet to decide.
    pub(crate) fn accept(&self, connection: &Arc<Connection>) {
        let (Some(KeepConnection::Newest), Some(user)) = (self.keep, connection.user_id()) else {
            return;
        };
        // A client that has left again takes nobody's place.
        if is_leaving(connection) {
            return;
        }
        let mut older = Vec::new();
        if let Some(of_user) = self.lock().get_mut(user)
            && let Some(position) = position(of_user, connection)
        {
            older.extend(of_user.drain(..position));
        }
        for older in older {
            if older.disconnect(DisconnectReason::Replaced) {
                count(&older);
            }
        }
    }

    /// Makes room for another connection of the user.
    pub(crate) fn remove(&self, connection: &Connection) {
        let (Some(_), Some(user)) = (self.keep, connection.user_id()) else {
            return;
        };
        let mut of_users = self.lock();
        let Some(of_user) = of_users.get_mut(user) else {
            return;
        };
        let removed = position(of_user, connection).map(|it| of_user.remove(it));
        if of_user.is_empty() {
            of_users.remove(user);
        }
        drop(of_users);
        drop(removed);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Arc<Connection>>>> {
        self.of_users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn position(of_user: &[Arc<Connection>], connection: &Connection) -> Option<usize> {
    let mut all = of_user.iter();
    all.position(|it| std::ptr::eq(&raw const **it, connection))
}

/// Counts a connection that its user may not have.
fn count(connection: &Connection) {
    let limits = connection.outbound().node().limits();
    limits.one_connection_per_user.count();
}

/// Returns whether a connection no longer keeps its user from having another one.
fn is_leaving(connection: &Connection) -> bool {
    connection.has_ended() || connection.has_lost_transport()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifetime::tests::{connection, connection_of};

    fn keeping(keep: KeepConnection) -> OnlyConnections {
        OnlyConnections::new(Some(keep))
    }

    #[test]
    fn while_a_user_has_the_oldest_no_other_is_admitted() {
        let only = keeping(KeepConnection::Oldest);
        let [first, second, bob] = ["ann", "ann", "bob"].map(connection_of);
        assert_eq!(only.admit(&first), Admitted::Yes);
        assert_eq!(only.admit(&second), Admitted::UserHasAnother);
        assert_eq!(only.admit(&bob), Admitted::Yes);
        // A connection that was refused leaves the other in its place.
        only.remove(&second);
        assert_eq!(only.admit(&second), Admitted::UserHasAnother);
        only.remove(&first);
        assert_eq!(only.admit(&second), Admitted::Yes);
        only.remove(&first);
        assert_eq!(only.lock().len(), 2);
        only.remove(&second);
        only.remove(&bob);
        assert_eq!(only.lock().len(), 0);
    }

    #[test]
    fn who_is_leaving_keeps_nobody_out() {
        let only = keeping(KeepConnection::Oldest);
        let [first, second, third] = ["ann"; 3].map(connection_of);
        assert_eq!(only.admit(&first), Admitted::Yes);
        first.lose_transport();
        assert_eq!(only.admit(&second), Admitted::Yes);
        second.end(DisconnectReason::ClientClosed);
        assert_eq!(only.admit(&third), Admitted::Yes);
        only.remove(&first);
        only.remove(&second);
        assert_eq!(only.lock().len(), 1);
    }

    #[test]
    fn the_newest_takes_the_place_of_the_one_before() {
        let only = keeping(KeepConnection::Newest);
        let [first, second, third] = ["ann"; 3].map(connection_of);
        for connection in [&first, &second] {
            assert_eq!(only.admit(connection), Admitted::Yes);
        }
        only.accept(&first);
        assert_eq!(first.end_reason(), None);
        only.accept(&second);
        assert_eq!(first.end_reason(), Some(DisconnectReason::Replaced));
        third.lose_transport();
        only.accept(&third);
        assert_eq!(second.end_reason(), None);
        only.remove(&first);
        assert_eq!(only.lock().len(), 1);
        only.remove(&second);
        assert_eq!(only.lock().len(), 0);
    }

    /// The hub may decide about the older one last.
    #[test]
    fn an_older_one_never_takes_the_place_of_a_newer_one() {
        let only = keeping(KeepConnection::Newest);
        let [first, second] = ["ann"; 2].map(connection_of);
        for connection in [&first, &second] {
            assert_eq!(only.admit(connection), Admitted::Yes);
        }
        only.accept(&second);
        assert_eq!(first.end_reason(), Some(DisconnectReason::Replaced));
        only.accept(&first);
        assert_eq!(second.end_reason(), None);
        only.remove(&first);
        only.remove(&second);
        assert_eq!(only.lock().len(), 0);
    }

    #[test]
    fn connections_without_a_user_are_not_counted() {
        for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
            let only = keeping(keep);
            let both = [connection(), connection()];
            for connection in &both {
                assert_eq!(only.admit(connection), Admitted::Yes);
                only.accept(connection);
                assert_eq!(connection.end_reason(), None);
            }
            assert_eq!(only.lock().len(), 0);
        }
    }
}
