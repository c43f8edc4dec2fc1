//! Connection tokens, from their negotiation to the end of their connection.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubwire_protocol::Transport;

use super::slot::{Attach, Ended, Slot};
use crate::connection::Connection;
use crate::node::{Admission, Limit};

/// How long a negotiated id waits for its connection (ASP.NET Core's `DisconnectTimeout`), and a
/// client that polls may take to be told that its connection has ended.
const TIMEOUT: Duration = Duration::from_secs(15);

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
    /// Negotiated tokens in the order in which they expire, including those attached in the
    /// meantime.
    negotiated: Mutex<VecDeque<(u64, ConnectionToken)>>,
    /// Tokens of ended connections in the order in which they expire, including those whose
    /// clients have been told in the meantime.
    ended: Mutex<VecDeque<(u64, ConnectionToken)>>,
    waiting: AtomicUsize,
    /// Counts waiting ids for each address, if those are limited.
    admission: Arc<Admission>,
}

impl ConnectionTable {
    pub(crate) fn new(maximum_per_address: Option<usize>) -> Self {
        Self {
            slots: papaya::HashMap::new(),
            negotiated: Mutex::default(),
            ended: Mutex::default(),
            waiting: AtomicUsize::new(0),
            admission: Arc::new(Admission::new(None, maximum_per_address)),
        }
    }

    /// Stores a negotiated slot until it is attached or expires.
    ///
    /// # Errors
    ///
    /// Returns an error if too many are already waiting.
    pub(crate) fn negotiate(
        &self,
        token: ConnectionToken,
        slot: Slot,
        address: Option<IpAddr>,
        now: u64,
    ) -> Result<(), Full> {
        let permit = self.admission.admit(address).map_err(|_| Full::Address)?;
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= NEGOTIATED_LIMIT {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Full::All);
        }
        slot.count_until_attached(permit);
        lock(&self.negotiated).push_back((now, token.clone()));
        self.slots.pin().insert(token, Arc::new(slot));
        Ok(())
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
    pub(crate) fn attach(&self, slot: &Slot, transport: Transport) -> Attach {
        let attach = slot.attach(transport);
        if matches!(attach, Attach::Attached(_)) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        attach
    }

    /// Forgets a token.
    pub(crate) fn remove(&self, token: &ConnectionToken) {
        self.slots.pin().remove(token);
    }

    /// Forgets the token of a connection that has ended, now or once its client has been told.
    ///
    /// If too many are waiting for that, this counts for the limit.
    pub(crate) fn end(&self, token: &ConnectionToken, ended: Ended, now: u64, limit: &Limit) {
        if ended == Ended::Untold {
            let mut waiting = lock(&self.ended);
            if waiting.len() < ENDED_LIMIT {
                waiting.push_back((now, token.clone()));
                return;
            }
            limit.count();
        }
        self.remove(token);
    }

    /// Records that a client is told by its poll that its connection has ended.
    pub(crate) fn tell_end(&self, token: &ConnectionToken, slot: &Slot) {
        if slot.tell_end() {
            self.remove(token);
        }
    }

    /// Removes slots that were negotiated but not opened in time, and those of ended connections.
    pub(crate) fn expire(&self, now: u64) -> Expired {
        let mut expired = Expired::default();
        let is_over = |since: u64| Duration::from_millis(now.saturating_sub(since)) >= TIMEOUT;
        let slots = self.slots.pin();
        let mut negotiated = lock(&self.negotiated);
        while let Some((_, token)) = negotiated.pop_front_if(|(since, _)| is_over(*since)) {
            // Attaching it now makes it unusable for anybody else.
            if let Some(slot) = slots.get(&token)
                && matches!(
                    self.attach(slot, Transport::WebSockets),
                    Attach::Attached(_)
                )
            {
                slots.remove(&token);
                expired.negotiated += 1;
            }
        }
        drop(negotiated);
        let mut ended = lock(&self.ended);
        while let Some((_, token)) = ended.pop_front_if(|(since, _)| is_over(*since)) {
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

fn lock(
    tokens: &Mutex<VecDeque<(u64, ConnectionToken)>>,
) -> MutexGuard<'_, VecDeque<(u64, ConnectionToken)>> {
    tokens.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hubwire_core::ConnectionId;

    use super::*;
    use crate::node::Limits;

    #[test]
    fn ended_connections_are_kept_for_their_last_polls_up_to_a_limit() {
        let table = ConnectionTable::new(None);
        let limit = Limits::default().ended_tokens;
        for number in 0..ENDED_LIMIT + 3 {
            let token = ConnectionToken::new(number.to_string());
            let slot = Slot::new(0, ConnectionId::from("id"), None);
            table.insert(token.clone(), Arc::new(slot));
            table.end(&token, Ended::Untold, 0, &limit);
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
