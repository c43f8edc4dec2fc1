//! The connection that a token stands for: negotiated, attached to a transport, or ended.

mod outcome;
mod state;

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hubwire_core::ConnectionId;
use hubwire_protocol::Transport;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

pub(crate) use self::outcome::{Attach, Ended, Keep, Receiver, Termination};
use self::state::{Posted, SlotInput, State, is_same_user, may_read};
use super::arrival_order::ArrivalOrder;
use crate::connection::{Connection, CurrentUser, Principal};
use crate::node::ConnectionPermit;

static NEXT_SLOT: AtomicUsize = AtomicUsize::new(0);

/// The connection that a token stands for.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The endpoint where the token was negotiated; other endpoints do not know it.
    endpoint: usize,
    number: usize,
    id: ConnectionId,
    /// The user who negotiated, or else the one of the request that opened the connection. It is
    /// set under the lock of the state.
    principal: OnceLock<Principal>,
    state: Mutex<State>,
    /// Wakes polls that wait until another poll has opened the connection.
    opened: Notify,
}

impl Slot {
    pub(crate) fn new(endpoint: usize, id: ConnectionId, principal: Option<Principal>) -> Self {
        Self {
            endpoint,
            number: NEXT_SLOT.fetch_add(1, Ordering::Relaxed),
            id,
            principal: principal.map(OnceLock::from).unwrap_or_default(),
            state: Mutex::new(State::Negotiated {
                permit: None,
                posted: None,
            }),
            opened: Notify::new(),
        }
    }

    pub(super) fn endpoint(&self) -> usize {
        self.endpoint
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn id(&self) -> &ConnectionId {
        &self.id
    }

    fn principal(&self) -> Option<&Principal> {
        self.principal.get()
    }

    /// Returns the user of the request that has opened the connection, or of the last poll.
    pub(super) fn user(&self) -> CurrentUser {
        match &*self.lock() {
            State::Attached { user, .. } => user.clone(),
            State::Negotiated { .. } | State::Ended { .. } => CurrentUser::default(),
        }
    }

    /// Keeps a permit until the slot is attached.
    pub(super) fn count_until_attached(&self, counted: Option<ConnectionPermit>) {
        if let State::Negotiated { permit, .. } = &mut *self.lock() {
            *permit = counted;
        }
    }

    /// Returns whether a request comes from the user of the connection. Before it is opened, that is
    /// who has negotiated, and every request does if nobody in particular has; from then on, it is
    /// who has opened it, be it nobody.
    ///
    /// A request may be overtaken by the one that opens the connection, so this is also checked
    /// where the state is used.
    pub(super) fn is_of(&self, requesting: Option<&Principal>) -> bool {
        self.is_of_in(&self.lock(), requesting)
    }

    fn is_of_in(&self, state: &State, requesting: Option<&Principal>) -> bool {
        match state {
            State::Attached { user, .. } => is_same_user(user.principal.as_ref(), requesting),
            State::Negotiated { .. } | State::Ended { .. } => {
                let known = self.principal();
                known.is_none() || is_same_user(known, requesting)
            }
        }
    }

    /// Gives the connection to the only transport that may use it. The opener is its user from then
    /// on, unless one has negotiated.
    pub(super) fn attach(
        &self,
        transport: Transport,
        user: &CurrentUser,
        order: ArrivalOrder,
    ) -> Attach {
        let mut state = self.lock();
        let opener = user.principal.as_ref();
        if !self.is_of_in(&state, opener) {
            return Attach::OtherUser;
        }
        let posted = match &mut *state {
            State::Negotiated { posted, .. } if may_read(transport, posted.as_ref(), opener) => {
                posted.take()
            }
            State::Negotiated { .. } => return Attach::OtherUser,
            state => return state.attach_again(transport, user, order),
        };
        if let Some(opener) = opener {
            self.principal.get_or_init(|| opener.clone());
        }
        let (input, attach, unread) = match transport {
            // What was posted before belonged to another transport.
            Transport::WebSockets => (SlotInput::WebSocket, Attach::WebSocket, posted),
            Transport::ServerSentEvents | Transport::LongPolling => {
                let Posted { inlet, reader, .. } = posted.unwrap_or_else(|| Posted::by(opener));
                (SlotInput::Posts(inlet), Attach::Posting(reader), None)
            }
        };
        *state = State::Attached {
            transport,
            connection: None,
            task: None,
            input,
            end_is_told: false,
            user: user.clone(),
            order,
        };
        drop(state);
        // Dropping it wakes those who are posting.
        drop(unread);
        attach
    }

    /// Makes a token unusable that was not attached; returns whether it was not.
    pub(super) fn expire(&self) -> bool {
        let mut state = self.lock();
        if !matches!(*state, State::Negotiated { .. }) {
            return false;
        }
        let expired = mem::replace(&mut *state, State::Ended { is_untold: false });
        drop(state);
        // Dropping it wakes those who are posting.
        drop(expired);
        true
    }

    pub(crate) fn set_connection(&self, opened: &Arc<Connection>) {
        if let State::Attached {
            connection,
            input,
            user,
            ..
        } = &mut *self.lock()
        {
            // A poll may have come since it was opened.
            opened.set_user(user.clone());
            // The client may already have left again.
            if matches!(input, SlotInput::Ended) {
                opened.lose_transport();
            }
            *connection = Some(Arc::clone(opened));
        }
        self.opened.notify_waiters();
    }

    /// Waits while the connection is being opened; returns `None` if it has ended by then.
    pub(super) async fn opened(&self) -> Option<Arc<Connection>> {
        loop {
            // Created before the state is read; otherwise a change in between would be missed.
            let changed = self.opened.notified();
            match &*self.lock() {
                State::Attached {
                    connection: None, ..
                } => {}
                State::Attached { connection, .. } => return connection.clone(),
                State::Negotiated { .. } | State::Ended { .. } => return None,
            }
            changed.await;
        }
    }

    pub(crate) fn set_task(&self, handle: AbortHandle) {
        if let State::Attached { task, .. } = &mut *self.lock() {
            *task = Some(handle);
        }
    }

    /// Returns what receives a POST; before the connection is opened, that is the pipe that it
    /// will read.
    pub(super) fn receiver(&self, poster: Option<&Principal>) -> Receiver {
        let mut state = self.lock();
        if !self.is_of_in(&state, poster) {
            return Receiver::OtherUser;
        }
        match &mut *state {
            State::Negotiated { posted, .. } => {
                let posted = posted.get_or_insert_with(|| Posted::by(poster));
                match is_same_user(posted.by.as_ref(), poster) {
                    true => Receiver::Inlet(posted.inlet.inlet()),
                    false => Receiver::OtherUser,
                }
            }
            State::Attached { input, .. } => match input {
                SlotInput::WebSocket => Receiver::WebSocket,
                SlotInput::Posts(inlet) => Receiver::Inlet(inlet.inlet()),
                SlotInput::Ended => Receiver::Nobody,
            },
            State::Ended { .. } => Receiver::Nobody,
        }
    }

    /// Ends the connection of a client that polls, once it has read its input.
    pub(super) fn terminate(&self, requesting: Option<&Principal>) -> Termination {
        let state = self.lock();
        match &*state {
            state if !self.is_of_in(state, requesting) => return Termination::OtherUser,
            State::Ended { .. }
            | State::Attached {
                input: SlotInput::Ended,
                ..
            } => return Termination::Unknown,
            State::Attached {
                transport: Transport::LongPolling,
                ..
            } => {}
            State::Negotiated { .. } | State::Attached { .. } => return Termination::NotPolling,
        }
        drop(state);
        self.lose_transport();
        Termination::Begun
    }

    /// Ends the input of a client that posts, which ends its connection; no request belongs to it
    /// any more.
    pub(super) fn lose_transport(&self) {
        let mut state = self.lock();
        let State::Attached {
            connection, input, ..
        } = &mut *state
        else {
            return;
        };
        if let Some(connection) = connection {
            connection.lose_transport();
        }
        let input = mem::replace(input, SlotInput::Ended);
        drop(state);
        // Dropping it wakes the session.
        drop(input);
    }

    /// Takes the connection out, because the table frees its slots much later.
    pub(super) fn end(&self, keep: Keep) -> (Option<Arc<Connection>>, Ended) {
        let mut state = self.lock();
        let is_untold = keep == Keep::ForTheLastPoll && state.may_poll();
        let before = mem::replace(&mut *state, State::Ended { is_untold });
        drop(state);
        self.opened.notify_waiters();
        let connection = match before {
            State::Attached { connection, .. } => connection,
            State::Negotiated { .. } | State::Ended { .. } => None,
        };
        let ended = match is_untold {
            true => Ended::Untold,
            false => Ended::Completely,
        };
        (connection, ended)
    }

    /// Records that a poll tells the client of the end; returns whether nothing else is left.
    pub(super) fn tell_end(&self) -> bool {
        match &mut *self.lock() {
            State::Attached { end_is_told, .. } => {
                *end_is_told = true;
                false
            }
            State::Negotiated { .. } | State::Ended { .. } => true,
        }
    }

    pub(crate) fn connection(&self) -> Option<Arc<Connection>> {
        match &*self.lock() {
            State::Attached { connection, .. } => connection.clone(),
            State::Negotiated { .. } | State::Ended { .. } => None,
        }
    }

    /// Returns whether the connection has ended, and only the last poll of its client is missing.
    pub(super) fn has_ended(&self) -> bool {
        matches!(*self.lock(), State::Ended { .. })
    }

    /// Returns whether no request can belong to the connection any more.
    pub(super) fn has_lost_transport(&self) -> bool {
        match &*self.lock() {
            State::Negotiated { .. } => false,
            State::Attached {
                connection, input, ..
            } => {
                let has_lost = |connection: &Arc<Connection>| connection.has_lost_transport();
                matches!(input, SlotInput::Ended) || connection.as_ref().is_some_and(has_lost)
            }
            State::Ended { is_untold } => !is_untold,
        }
    }

    pub(super) fn abort(&self) {
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
