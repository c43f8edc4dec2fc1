//! Connection tokens, from their negotiation to the end of their connection.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubwire_core::ConnectionId;
use tokio::task::AbortHandle;

use crate::connection::{Connection, Principal};

/// How long a negotiated id waits for its connection (ASP.NET Core's `DisconnectTimeout`).
const NEGOTIATED_TIMEOUT: Duration = Duration::from_secs(15);

/// How many negotiated ids may wait for their connections.
const NEGOTIATED_LIMIT: usize = 20_000;

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

static NEXT_SLOT: AtomicUsize = AtomicUsize::new(0);

/// The connection that a token stands for.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The endpoint where the token was negotiated; other endpoints do not know it.
    endpoint: usize,
    number: usize,
    id: ConnectionId,
    principal: Option<Principal>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Negotiated,
    Attached {
        connection: Option<Arc<Connection>>,
        task: Option<AbortHandle>,
    },
}

/// Whether a transport may use a token.
#[derive(Debug)]
pub(crate) enum Attach {
    Attached,
    /// A transport already uses it.
    Busy,
}

impl Slot {
    pub(crate) fn new(endpoint: usize, id: ConnectionId, principal: Option<Principal>) -> Self {
        Self {
            endpoint,
            number: NEXT_SLOT.fetch_add(1, Ordering::Relaxed),
            id,
            principal,
            state: Mutex::new(State::Negotiated),
        }
    }

    /// Creates the slot of a connection without negotiation.
    pub(crate) fn attached(
        endpoint: usize,
        id: ConnectionId,
        principal: Option<Principal>,
    ) -> Self {
        let slot = Self::new(endpoint, id, principal);
        slot.attach();
        slot
    }

    pub(crate) fn id(&self) -> &ConnectionId {
        &self.id
    }

    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    fn attach(&self) -> Attach {
        let mut state = self.lock();
        match *state {
            State::Attached { .. } => Attach::Busy,
            State::Negotiated => {
                *state = State::Attached {
                    connection: None,
                    task: None,
                };
                Attach::Attached
            }
        }
    }

    pub(crate) fn set_connection(&self, opened: &Arc<Connection>) {
        if let State::Attached { connection, .. } = &mut *self.lock() {
            *connection = Some(Arc::clone(opened));
        }
    }

    pub(crate) fn set_task(&self, handle: AbortHandle) {
        if let State::Attached { task, .. } = &mut *self.lock() {
            *task = Some(handle);
        }
    }

    /// Takes the connection out, because the table frees its slots much later.
    pub(crate) fn take_connection(&self) -> Option<Arc<Connection>> {
        match &mut *self.lock() {
            State::Attached { connection, .. } => connection.take(),
            State::Negotiated => None,
        }
    }

    pub(crate) fn connection(&self) -> Option<Arc<Connection>> {
        match &*self.lock() {
            State::Attached { connection, .. } => connection.clone(),
            State::Negotiated => None,
        }
    }

    fn has_lost_transport(&self) -> bool {
        match &*self.lock() {
            State::Attached { connection, .. } => connection
                .as_ref()
                .is_some_and(|connection| connection.has_lost_transport()),
            State::Negotiated => false,
        }
    }

    fn abort(&self) {
        if let State::Attached {
            task: Some(task), ..
        } = &*self.lock()
        {
            task.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All tokens of a server.
#[derive(Debug, Default)]
pub(crate) struct ConnectionTable {
    slots: papaya::HashMap<ConnectionToken, Arc<Slot>>,
    /// Negotiated tokens in the order in which they expire, including those attached in the
    /// meantime.
    negotiated: Mutex<VecDeque<(u64, ConnectionToken)>>,
    waiting: AtomicUsize,
}

impl ConnectionTable {
    /// Stores a negotiated slot until it is attached or expires; returns `false` if too many are
    /// already waiting.
    pub(crate) fn negotiate(&self, token: ConnectionToken, slot: Slot, now: u64) -> bool {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= NEGOTIATED_LIMIT {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        self.negotiated().push_back((now, token.clone()));
        self.slots.pin().insert(token, Arc::new(slot));
        true
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
            .filter(|slot| slot.endpoint == endpoint && !slot.has_lost_transport())
            .cloned()
    }

    /// Gives a negotiated slot to the only transport that may use it.
    pub(crate) fn attach(&self, slot: &Slot) -> Attach {
        let attach = slot.attach();
        if matches!(attach, Attach::Attached) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        attach
    }

    pub(crate) fn remove(&self, token: &ConnectionToken) {
        self.slots.pin().remove(token);
    }

    /// Removes slots that were negotiated but not opened in time.
    pub(crate) fn expire(&self, now: u64) {
        let mut negotiated = self.negotiated();
        while let Some((since, token)) = negotiated.front() {
            if Duration::from_millis(now.saturating_sub(*since)) < NEGOTIATED_TIMEOUT {
                return;
            }
            let slots = self.slots.pin();
            // Attaching it now makes it unusable for anybody else.
            if let Some(slot) = slots.get(token)
                && matches!(self.attach(slot), Attach::Attached)
            {
                slots.remove(token);
            }
            negotiated.pop_front();
        }
    }

    /// Removes slots that are not opened, and returns the open connections in the order of their
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
        slots.sort_by_key(|slot| slot.number);
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

    fn negotiated(&self) -> MutexGuard<'_, VecDeque<(u64, ConnectionToken)>> {
        self.negotiated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
