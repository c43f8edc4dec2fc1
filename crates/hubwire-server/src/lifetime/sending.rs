//! Sending a message to the connections of a target: first those of this node, then the other
//! nodes.

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use hubwire_core::{ConnectionId, OutgoingInvocation, SendError, Sending, Target};

use super::delivery::Delivery;
use super::manager::DefaultHubLifetimeManager;
use crate::connection::Connection;
use crate::outbound::Pace;

impl DefaultHubLifetimeManager {
    /// Sends, and occasionally lets other tasks run.
    pub(super) fn send_in_turn(
        &self,
        target: &Target,
        message: &OutgoingInvocation<'_>,
    ) -> Sending {
        let sending = self.try_send(target, message);
        let sending = sending.unwrap_or_else(|error| Sending::Done(Err(error)));
        if !is_turn_over() {
            return sending;
        }
        // Hub code that only sends would never yield its thread, because everything it waits for
        // may be ready.
        Sending::Waiting(Box::pin(async move {
            tokio::task::yield_now().await;
            match sending {
                Sending::Done(sent) => sent,
                Sending::Waiting(sent) => sent.await,
            }
        }))
    }

    fn send_to_many(
        &self,
        target: &Target,
        message: &OutgoingInvocation<'_>,
    ) -> Result<Pace, SendError> {
        let mut delivery = Delivery::new(message);
        if let Target::AllExcept(ids) | Target::GroupExcept(_, ids) = target {
            delivery = delivery.except(ids);
        }
        let visited = self.visit(target, |member| delivery.offer(member));
        // Every visited connection receives the message, even if a later part of the target is
        // invalid.
        let pace = delivery.finish();
        visited.and(pace)
    }

    /// Visits the connections of a target, including excluded ones; the visitor must not wait.
    pub(super) fn visit(
        &self,
        target: &Target,
        mut visit: impl FnMut(&Arc<Connection>),
    ) -> Result<(), SendError> {
        match target {
            Target::All | Target::AllExcept(_) => self.connections.for_each(visit),
            Target::Connection(id) => self.connections.get(id).iter().for_each(visit),
            Target::Connections(ids) => {
                let members = distinct(ids).filter_map(|id| self.connections.get(id));
                members.for_each(|member| visit(&member));
            }
            Target::Group(group) | Target::GroupExcept(group, _) => {
                self.groups.for_each(group, visit);
            }
            Target::Groups(groups) => {
                for group in groups {
                    if group.is_empty() {
                        return Err(SendError::EmptyGroupName);
                    }
                    self.groups.for_each(group, &mut visit);
                }
            }
            Target::User(user) => self.users.for_each(user, visit),
            Target::Users(users) => {
                distinct(users).for_each(|user| self.users.for_each(user, &mut visit));
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends to a single receiver. Only senders to this receiver alone wait for its queue; all
    /// senders wait for the flushers.
    fn send_to_one(
        &self,
        id: &ConnectionId,
        message: &OutgoingInvocation<'_>,
    ) -> Result<Option<Sending>, SendError> {
        let Some(connection) = self.connections.get(id) else {
            return Ok(None);
        };
        let outbound = connection.outbound();
        let pace = outbound.offer_alone(message.encode(connection.protocol())?);
        let congested = self.is_congested();
        if pace == Pace::GoOn && !congested {
            return Ok(Some(Sending::Done(Ok(()))));
        }
        let room = (pace != Pace::GoOn).then(|| Arc::clone(outbound).has_room());
        let flushers = Arc::clone(&self.flushers);
        Ok(Some(Sending::Waiting(Box::pin(async move {
            if let Some(room) = room {
                room.await;
            }
            flushers.relieved().await;
            Ok(())
        }))))
    }

    /// Returns whether so much is unwritten that senders wait for the flushers.
    fn is_congested(&self) -> bool {
        let congested = self.flushers.are_congested();
        if congested {
            self.node().limits().unflushed.count();
        }
        congested
    }

    fn try_send(
        &self,
        target: &Target,
        message: &OutgoingInvocation<'_>,
    ) -> Result<Sending, SendError> {
        let mut local = Ok(Pace::GoOn);
        if let Target::Connection(id) = target {
            if let Some(sending) = self.send_to_one(id, message)? {
                return Ok(sending);
            }
        } else {
            // Serializing runs the caller's code, which must not run under a list's lock.
            if !self.connections.is_empty() {
                for protocol in self.protocols.in_use() {
                    message.encoded(protocol)?;
                }
            }
            local = self.send_to_many(target, message);
            if matches!(local, Err(SendError::Encode { .. })) {
                return local.map(|_| Sending::Done(Ok(())));
            }
        }
        let published = match &self.cluster {
            Some(cluster) => {
                cluster.publish(target, message, |id| self.connections.get(id).is_some())?
            }
            None => None,
        };
        Ok(self.sending(local, published))
    }

    /// Nearly every send is already done; only many unwritten bytes or other nodes require
    /// waiting.
    fn sending(
        &self,
        local: Result<Pace, SendError>,
        published: Option<BoxFuture<'static, ()>>,
    ) -> Sending {
        let congested = self.is_congested();
        let gives_way = matches!(local, Ok(Pace::GiveWay));
        let local = local.map(drop);
        if !congested && !gives_way && published.is_none() {
            return Sending::Done(local);
        }
        let flushers = Arc::clone(&self.flushers);
        Sending::Waiting(Box::pin(async move {
            if let Some(published) = published {
                published.await;
            }
            if gives_way {
                tokio::task::yield_now().await;
            }
            flushers.relieved().await;
            local
        }))
    }
}

/// Returns whether this thread has sent so much that other tasks should run.
fn is_turn_over() -> bool {
    const SENDS_PER_TURN: u32 = 256;
    thread_local! {
        static SENDS: Cell<u32> = const { Cell::new(0) };
    }
    let sends = SENDS.get() + 1;
    SENDS.set(sends % SENDS_PER_TURN);
    sends == SENDS_PER_TURN
}

/// Returns each item once, in order.
pub(super) fn distinct<T: Eq + Hash>(items: &[T]) -> impl Iterator<Item = &T> {
    let mut seen = HashSet::new();
    items.iter().filter(move |item| seen.insert(*item))
}

#[cfg(test)]
mod tests {
    use hubwire_core::{GroupAction, OutgoingInvocation};
    use hubwire_protocol::HubProtocol;

    use super::*;
    use crate::lifetime::tests::{connection, lifetime};

    /// Applies also to members for which the message is encoded only after the visit.
    #[tokio::test]
    async fn who_is_visited_before_a_group_without_a_name_is_sent_to() {
        let (lifetime, member) = (lifetime(), connection());
        lifetime.connect(&member).await;
        // A protocol that nobody spoke when the connection was registered.
        member.set_protocol(HubProtocol::MessagePack);
        let joined = lifetime.change_local_group(GroupAction::Add, member.id(), &"tea".into());
        joined.unwrap().unwrap().await;
        let message = OutgoingInvocation::new("News", &());
        let target = Target::Groups(vec!["tea".into(), "".into()]);
        let sent = lifetime.send_to_many(&target, &message);
        assert!(matches!(sent, Err(SendError::EmptyGroupName)));
        assert_eq!(member.outbound().messages(), 1);
    }
}
