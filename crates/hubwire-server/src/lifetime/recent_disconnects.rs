//! The latest disconnections, for clients whose requests had begun before and open their connections
//! afterwards.
//!
//! It may take seconds until a request whose user is known has opened its connection: a policy
//! decides, or the client takes its time for the response to an upgrade. A connection that is not
//! open cannot be disconnected, so it is told when it opens.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hubwire_core::{ConnectionId, Disconnect, Target, UserId};

use super::sending::distinct;
use crate::connection::Connection;

/// How many users and connections are remembered. A request takes a few milliseconds in general, and
/// ten seconds at most if its policy does: nobody disconnects that many meanwhile, unless in a loop.
const LIMIT: usize = 1_024;

/// How many users and connections of a hub had been disconnected at some time. This orders requests
/// and disconnections, which the clock could not do within a millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DisconnectCount(u64);

/// What a connection has missed while its request waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    Nothing,
    /// Its user or itself was disconnected.
    Disconnected(Disconnect),
    /// So much that nobody knows whether it was disconnected.
    TooMuch,
}

#[derive(Debug)]
enum Addressee {
    Connection(ConnectionId),
    User(UserId),
}

/// The users and connections that were disconnected last, in this order.
#[derive(Debug, Default)]
pub(super) struct RecentDisconnects {
    /// How many there were, with those that were forgotten; changed under the lock of the latest.
    count: AtomicU64,
    latest: Mutex<VecDeque<(Addressee, Disconnect)>>,
}

impl RecentDisconnects {
    pub(super) fn count(&self) -> DisconnectCount {
        DisconnectCount(self.count.load(Ordering::Acquire))
    }

    /// Remembers that a target was disconnected.
    ///
    /// To be called before the connections of the target are looked for: as [`Self::missed`] is
    /// asked after a connection can be found, and both take the lock, one of the two finds it.
    pub(super) fn remember(&self, target: &Target, disconnect: &Disconnect) {
        let add = |addressee| self.add(addressee, disconnect);
        match target {
            Target::Connection(id) => add(Addressee::Connection(id.clone())),
            Target::Connections(ids) => {
                distinct(ids).for_each(|id| add(Addressee::Connection(id.clone())));
            }
            Target::User(user) => add(Addressee::User(user.clone())),
            Target::Users(users) => {
                distinct(users).for_each(|user| add(Addressee::User(user.clone())));
            }
            // Nobody is in a group before it is connected.
            _ => {}
        }
    }

    fn add(&self, addressee: Addressee, disconnect: &Disconnect) {
        let mut latest = self.lock();
        let forgotten = match latest.len() {
            LIMIT.. => latest.pop_front(),
            _ => None,
        };
        latest.push_back((addressee, disconnect.clone()));
        self.count.fetch_add(1, Ordering::Release);
        drop(latest);
        drop(forgotten);
    }

    /// Returns what a connection that can be found from now on has missed since then.
    pub(super) fn missed(&self, connection: &Connection, since: DisconnectCount) -> Missed {
        let latest = self.lock();
        let new = self.count().0.saturating_sub(since.0);
        let new = usize::try_from(new).unwrap_or(usize::MAX);
        let Some(known) = latest.len().checked_sub(new) else {
            return Missed::TooMuch;
        };
        let mut new = latest.iter().skip(known);
        let first = new.find(|(addressee, _)| addressee.is(connection));
        first.map_or(Missed::Nothing, |(_, disconnect)| {
            Missed::Disconnected(disconnect.clone())
        })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Addressee, Disconnect)>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Addressee {
    fn is(&self, connection: &Connection) -> bool {
        match self {
            Self::Connection(id) => id == connection.id(),
            Self::User(user) => connection.user_id() == Some(user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifetime::tests::connection_of;

    fn banned() -> Disconnect {
        Disconnect::for_good().because("banned")
    }

    #[test]
    fn what_came_before_or_is_for_others_was_not_missed() {
        let recent = RecentDisconnects::default();
        let ann = connection_of("ann");
        recent.remember(&Target::User("ann".into()), &banned());
        let since = recent.count();
        for target in [
            Target::User("bob".into()),
            Target::Users(vec!["bob".into(), "eve".into()]),
            Target::Connection("another".into()),
            Target::Connections(vec!["another".into()]),
            Target::All,
            Target::Group("ann".into()),
        ] {
            recent.remember(&target, &banned());
        }
        assert_eq!(recent.missed(&ann, since), Missed::Nothing);
        assert_eq!(recent.count(), DisconnectCount(6));
    }

    #[test]
    fn of_several_disconnections_the_first_counts() {
        let ann = connection_of("ann");
        for target in [
            Target::User("ann".into()),
            Target::Users(vec!["bob".into(), "ann".into()]),
            Target::Connection(ann.id().clone()),
            Target::Connections(vec!["another".into(), ann.id().clone()]),
        ] {
            let recent = RecentDisconnects::default();
            let since = recent.count();
            recent.remember(&target, &banned());
            recent.remember(&target, &Disconnect::allowing_reconnect());
            assert_eq!(recent.missed(&ann, since), Missed::Disconnected(banned()));
        }
    }

    #[test]
    fn who_began_before_all_that_is_remembered_may_have_missed_anything() {
        let recent = RecentDisconnects::default();
        let ann = connection_of("ann");
        let earliest = recent.count();
        for number in 0..LIMIT {
            recent.remember(&Target::User(number.to_string().into()), &banned());
        }
        assert_eq!(recent.missed(&ann, earliest), Missed::Nothing);
        recent.remember(&Target::User("bob".into()), &banned());
        assert_eq!(recent.missed(&ann, earliest), Missed::TooMuch);
        assert_eq!(recent.missed(&ann, DisconnectCount(1)), Missed::Nothing);
        assert_eq!(recent.lock().len(), LIMIT);
    }
}
