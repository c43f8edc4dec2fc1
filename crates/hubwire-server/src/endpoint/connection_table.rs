//! Connection tokens, from their negotiation to the end of their connection.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use hubwire_protocol::Transport;

use super::arrival_order::ArrivalOrder;
use super::expiring_tokens::{ExpiringTokens, TooMany};
use super::slot::{Attach, Ended, Slot};
use crate::connection::{Connection, CurrentUser};
use crate::node::{Admission, Limit};

/// How many negotiated ids may wait for their connections.
const NEGOTIATED_LIMIT: usize = 20_000;

/// How many tokens of ended connections are kept for the last poll of their clients.
const ENDED_LIMIT: usize = 20_000;

/// The bearer secret of a connection; it is never logged or shown to hub code.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionToken(Arc<str>);

impl ConnectionToken {
    pub(crate) fn new(token: impl Into<Arc<str>>) -> Self {
        Self(token.into())
    }
}

impl fmt::Debug for ConnectionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionToken(..)")
    }
}

/// The reason why no further id can wait for its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// Too many ids of this address are waiting.
    Address,
    /// Too many ids are waiting.
    All,
}

/// How many tokens were forgotten because nobody used them in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expired {
    /// Negotiated ids that were not opened.
    pub(crate) negotiated: u64,
    /// Tokens of ended connections whose clients were not told.
    pub(crate) ended: u64,
}

/// All tokens of a server.
#[derive(Debug)]
pub(crate) struct ConnectionTable {
    slots: papaya::HashMap<ConnectionToken, Arc<Slot>>,
    /// Negotiated tokens that are not attached.
    negotiated: ExpiringTokens,
    /// Tokens of ended connections whose clients have not been told.
    ended: ExpiringTokens,
    /// Counts waiting ids for each address, if those are limited.
    admission: Arc<Admission>,
}

impl ConnectionTable {
    pub(crate) fn new(maximum_per_address: Option<usize>) -> Self {
        Self {
            slots: papaya::HashMap::new(),
            negotiated: ExpiringTokens::new(NEGOTIATED_LIMIT),
            ended: ExpiringTokens::new(ENDED_LIMIT),
            admission: Arc::new(Admission::new(None, maximum_per_address)),
        }
    }

    /// Stores a negotiated slot until it is attached or expires, at the given time.
    ///
    /// # Errors
    ///
    /// Returns an error if too many are already waiting.
    pub(crate) fn negotiate(
        &self,
        token: &ConnectionToken,
        slot: Slot,
        address: Option<IpAddr>,
        expires: u64,
    ) -> Result<(), Full> {
        let permit = self.admission.admit(address).map_err(|_| Full::Address)?;
        slot.count_until_attached(permit);
        let slot = Arc::new(slot);
        // Nobody knows the token yet. It is stored first, to be there when it expires.
        self.insert(token.clone(), Arc::clone(&slot));
        let waits = self.negotiated.insert(&slot, token, expires);
        waits.map_err(|TooMany| {
            self.remove(token);
            Full::All
        })
    }

    /// Stores a slot that is attached from the start, such as a WebSocket without negotiation.
    pub(crate) fn insert(&self, token: ConnectionToken, slot: Arc<Slot>) {
        self.slots.pin().insert(token, slot);
    }

    /// Finds the slot of a token; returns `None` once the connection's transport is gone.
    ///
    /// The slot itself stays until the hub knows of that, because its task must still be waited
    /// for.
    pub(crate) fn find(&self, token: &ConnectionToken, endpoint: usize) -> Option<Arc<Slot>> {
        let slots = self.slots.pin();
        slots
            .get(token)
            .filter(|slot| slot.endpoint() == endpoint && !slot.has_lost_transport())
            .cloned()
    }

    /// Gives a negotiated slot to the only transport that may use it.
    pub(crate) fn attach(
        &self,
        slot: &Slot,
        transport: Transport,
        user: &CurrentUser,
        order: ArrivalOrder,
    ) -> Attach {
        let attach = slot.attach(transport, user, order);
        if matches!(attach, Attach::WebSocket | Attach::Posting(_)) {
            self.negotiated.remove(slot);
        }
        attach
    }

    /// Forgets a token.
    pub(crate) fn remove(&self, token: &ConnectionToken) {
        self.slots.pin().remove(token);
    }

    /// Forgets the token of a connection that has ended: now, or once its client has been told or
    /// this time has come.
    ///
    /// If too many are waiting for that, this counts for the limit.
    pub(crate) fn end(
        &self,
        token: &ConnectionToken,
        slot: &Slot,
        ended: Ended,
        expires: u64,
        limit: &Limit,
    ) {
        if ended == Ended::Completely {
            return self.remove(token);
        }
        if self.ended.insert(slot, token, expires).is_err() {
            limit.count();
            return self.remove(token);
        }
        // A poll may have told the client in the meantime.
        if !self.slots.pin().contains_key(token) {
            self.ended.remove(slot);
        }
    }

    /// Records that a client is told by its poll that its connection has ended.
    pub(crate) fn tell_end(&self, token: &ConnectionToken, slot: &Slot) {
        if slot.tell_end() {
            self.remove(token);
            self.ended.remove(slot);
        }
    }

    /// Removes slots that were negotiated but not opened in time, and those of ended connections.
    pub(crate) fn expire(&self, now: u64) -> Expired {
        let mut expired = Expired::default();
        let slots = self.slots.pin();
        for token in self.negotiated.take_expired(now) {
            if slots.get(&token).is_some_and(|slot| slot.expire()) {
                slots.remove(&token);
                expired.negotiated += 1;
            }
        }
        for token in self.ended.take_expired(now) {
            expired.ended += u64::from(slots.remove(&token).is_some());
        }
        expired
    }

    /// Removes slots that are not open, and returns the open connections in the order of their
    /// creation.
    pub(crate) fn drain(&self) -> Vec<Arc<Connection>> {
        self.expire(u64::MAX);
        let slots = self.in_order().into_iter();
        slots.filter_map(|slot| slot.connection()).collect()
    }

    /// Returns the slots in the order of their creation, because the order of the hash map is not
    /// reproducible.
    fn in_order(&self) -> Vec<Arc<Slot>> {
        let mut slots: Vec<_> = self.slots.pin().values().cloned().collect();
        slots.sort_by_key(|slot| slot.number());
        slots
    }

    pub(crate) fn abort_all(&self) {
        for slot in self.in_order() {
            slot.abort();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::slot::Keep;
    use super::*;
    use crate::node::Limits;

    #[test]
    fn tokens_that_are_attached_or_told_take_no_room() {
        let table = ConnectionTable::new(None);
        let limit = Limits::default().ended_tokens;
        for number in 0..NEGOTIATED_LIMIT + ENDED_LIMIT {
            let token = ConnectionToken::new(number.to_string());
            let slot = Slot::new(0, "id".into(), None);
            table.negotiate(&token, slot, None, 15_000).unwrap();
            let slot = table.find(&token, 0).unwrap();
            table.attach(
                &slot,
                Transport::LongPolling,
                &CurrentUser::default(),
                ArrivalOrder::default(),
            );
            table.end(&token, &slot, Ended::Untold, 15_000, &limit);
            // Not a poll's slot that has ended, but as good as one here.
            slot.end(Keep::Nothing);
            table.tell_end(&token, &slot);
        }
        assert_eq!(table.len(), 0);
        assert!(table.negotiated.take_expired(u64::MAX).is_empty());
        assert!(table.ended.take_expired(u64::MAX).is_empty());
    }

    #[test]
    fn ended_connections_are_kept_for_their_last_polls_up_to_a_limit() {
        let table = ConnectionTable::new(None);
        let limit = Limits::default().ended_tokens;
        for number in 0..ENDED_LIMIT + 3 {
            let token = ConnectionToken::new(number.to_string());
            let slot = Arc::new(Slot::new(0, "id".into(), None));
            table.insert(token.clone(), Arc::clone(&slot));
            table.end(&token, &slot, Ended::Untold, 15_000, &limit);
        }
        assert_eq!(table.len(), ENDED_LIMIT);
        assert_eq!(limit.say(0), Some(3));
        let expired = table.expire(15_000);
        let ended = ENDED_LIMIT as u64;
        assert_eq!(
            expired,
            Expired {
                negotiated: 0,
                ended
            }
        );
        assert_eq!(table.len(), 0);
    }
}
