//! Disconnecting the connections of a target on behalf of hub code.

use std::sync::Arc;

use hubwire_core::{ConnectionId, Disconnect, Target};

use super::manager::DefaultHubLifetimeManager;
use super::recent_disconnects::{DisconnectCount, Missed};
use crate::connection::{Connection, DisconnectReason};

impl DefaultHubLifetimeManager {
    /// Tells the connections of a target on this node to end; returns how many did not know yet.
    pub(super) fn disconnect_local(&self, target: &Target, disconnect: &Disconnect) -> usize {
        // First, so that a connection that arrives meanwhile is visited, or finds it there.
        self.arrivals.recent.remember(target, disconnect);
        let excluded = excluded(target);
        let mut addressed = Vec::new();
        let mut address = |connection: &Arc<_>| addressed.push(Arc::clone(connection));
        // In this order: a connection that is being registered is in one of the two, or in both.
        self.arrivals.visit(target, &mut address);
        // A group without a name has no members.
        let _ = self.visit(target, address);
        // Ending wakes tasks of hub code, which must not run under the locks of a visit. Of a
        // connection that was visited twice, only the first counts.
        let told = addressed.into_iter().filter(|connection| {
            let reason = || DisconnectReason::Disconnected(disconnect.clone());
            !excluded.contains(connection.id()) && connection.disconnect(reason())
        });
        told.count()
    }

    /// Returns how many users and connections have been disconnected so far, for a request that
    /// begins now: what comes later applies to the connection that it opens.
    pub(crate) fn disconnect_count(&self) -> DisconnectCount {
        self.arrivals.recent.count()
    }

    /// Tells a connection that has arrived what it has missed since its request began.
    pub(crate) fn make_up(&self, connection: &Connection, since: DisconnectCount) {
        let disconnect = match self.arrivals.recent.missed(connection, since) {
            Missed::Nothing => return,
            Missed::Disconnected(disconnect) => disconnect,
            Missed::TooMuch => {
                self.node().limits().remembered_disconnects.count();
                Disconnect::allowing_reconnect()
            }
        };
        connection.disconnect(DisconnectReason::Disconnected(disconnect));
    }
}

fn excluded(target: &Target) -> &[ConnectionId] {
    match target {
        Target::AllExcept(ids) | Target::GroupExcept(_, ids) => ids,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use hubwire_core::GroupAction;

    use super::*;
    use crate::lifetime::Admitted;
    use crate::lifetime::tests::{connection_of, lifetime, lifetime_with};
    use crate::node::{HubOptions, KeepConnection};

    async fn member(lifetime: &DefaultHubLifetimeManager, user: &str) -> Arc<Connection> {
        let member = connection_of(user);
        lifetime.connect(&member).await;
        let joined = lifetime.change_local_group(GroupAction::Add, member.id(), &"tea".into());
        joined.unwrap().unwrap().await;
        member
    }

    #[tokio::test]
    async fn each_target_is_its_own() {
        let lifetime = lifetime();
        let [ann, bob] = [
            member(&lifetime, "ann").await,
            member(&lifetime, "bob").await,
        ];
        let arriving = connection_of("ann");
        lifetime.arrive(&arriving);
        let end = |target| lifetime.disconnect_local(&target, &Disconnect::for_good());
        assert_eq!(end(Target::Groups(vec!["".into()])), 0);
        assert_eq!(end(Target::Group("milk".into())), 0);
        let all_but_bob = Target::GroupExcept("tea".into(), vec![bob.id().clone()]);
        assert_eq!(end(all_but_bob), 1);
        assert_eq!(end(Target::User("ann".into())), 1);
        assert!(ann.has_ended() && arriving.has_ended() && !bob.has_ended());
        assert_eq!(end(Target::All), 1);
        assert_eq!(end(Target::All), 0);
    }

    /// However far it has come.
    #[tokio::test]
    async fn nothing_is_kept_of_a_connection_that_is_forgotten() {
        for keep in [KeepConnection::Newest, KeepConnection::Oldest] {
            let options = HubOptions {
                one_connection_per_user: Some(keep),
                ..HubOptions::default()
            };
            let lifetime = lifetime_with(&options);
            for steps in 0..5 {
                let ann = connection_of("ann");
                lifetime.arrive(&ann);
                if steps > 0 {
                    assert_eq!(lifetime.admit(&ann), Admitted::Yes);
                }
                if steps > 1 {
                    lifetime.connect(&ann).await;
                }
                if steps > 2 {
                    lifetime.accept(&ann);
                }
                if steps > 3 {
                    let told = lifetime.disconnect_local(&Target::All, &Disconnect::for_good());
                    assert_eq!(told, 1);
                }
                lifetime.forget(&ann);
                assert_eq!(
                    Arc::strong_count(&ann),
                    1,
                    "after {steps} steps with {keep:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn who_arrives_makes_up_for_what_was_missed() {
        let lifetime = lifetime();
        let since = lifetime.disconnect_count();
        let [ann, bob, later] = ["ann", "bob", "ann"].map(connection_of);
        let banned = Disconnect::for_good().because("banned");
        assert_eq!(
            lifetime.disconnect_local(&Target::User("ann".into()), &banned),
            0
        );
        for (connection, since) in [
            (&ann, since),
            (&bob, since),
            (&later, lifetime.disconnect_count()),
        ] {
            lifetime.arrive(connection);
            lifetime.make_up(connection, since);
        }
        assert_eq!(
            ann.end_reason(),
            Some(DisconnectReason::Disconnected(banned))
        );
        assert!(!bob.has_ended() && !later.has_ended());
    }

    /// Nobody can tell whether the connection was among them.
    #[tokio::test]
    async fn who_has_missed_too_much_is_disconnected() {
        let lifetime = lifetime();
        let since = lifetime.disconnect_count();
        let users = (0..2_000).map(|number| number.to_string().into()).collect();
        let told = lifetime.disconnect_local(&Target::Users(users), &Disconnect::for_good());
        assert_eq!(told, 0);
        let ann = connection_of("ann");
        lifetime.arrive(&ann);
        lifetime.make_up(&ann, since);
        let reason = DisconnectReason::Disconnected(Disconnect::allowing_reconnect());
        assert_eq!(ann.end_reason(), Some(reason));
        assert_eq!(
            lifetime.node().limits().remembered_disconnects.say(0),
            Some(1)
        );
    }

    #[tokio::test]
    async fn a_client_that_has_left_does_not_count_but_ends() {
        let lifetime = lifetime();
        let ann = member(&lifetime, "ann").await;
        ann.lose_transport();
        let target = Target::User("ann".into());
        let told = lifetime.disconnect_local(&target, &Disconnect::for_good());
        assert_eq!((told, ann.has_ended()), (0, true));
    }
}
