//! The connection that a token stands for: negotiated, attached to a transport, or ended.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use hubwire_core::ConnectionId;
use hubwire_protocol::Transport;
use tokio::task::AbortHandle;

use crate::connection::{Connection, Principal};
use crate::node::ConnectionPermit;
use crate::transport::{Inlet, InletOwner, PipeReader, inlet};

static NEXT_SLOT: AtomicUsize = AtomicUsize::new(0);

/// The connection that a token stands for.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The endpoint where the token was negotiated; other endpoints do not know it.
    endpoint: usize,
    number: usize,
    id: ConnectionId,
    /// The user who negotiated, or else the one of the request that opened the connection.
    principal: OnceLock<Principal>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Negotiated {
        permit: Option<ConnectionPermit>,
        /// Both ends of the pipe into which a client has posted before it opened its connection.
        posted: Option<Posted>,
    },
    Attached {
        transport: Transport,
        connection: Option<Arc<Connection>>,
        task: Option<AbortHandle>,
        input: SlotInput,
        end_is_told: bool,
    },
    Ended {
        /// The client polls, and a poll has yet to tell it.
        is_untold: bool,
    },
}

/// Both ends of a pipe for posted bytes.
pub(crate) type Posted = (InletOwner, PipeReader);

/// The place to which POST requests write.
#[derive(Debug)]
pub(crate) enum SlotInput {
    None,
    /// The body of an event stream owns it.
    Shared(Weak<Inlet>),
    Owned(InletOwner),
}

/// Whether a transport may use a token.
#[derive(Debug)]
pub(crate) enum Attach {
    Attached(Option<Posted>),
    /// The same transport already uses it.
    Busy,
    /// Another transport uses it.
    OtherTransport,
    /// The client polls, and its connection has ended.
    Ended,
}

/// What receives a POST.
#[derive(Debug)]
pub(crate) enum Receiver {
    Inlet(Arc<Inlet>),
    WebSocket,
    /// Nothing any more.
    Nobody,
}

/// What is kept of a connection that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The slot of a client that polls, until a poll has told the client.
    ForTheLastPoll,
    Nothing,
}

/// Whether the client of a connection that has ended is still to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Completely,
    Untold,
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

    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.principal.get()
    }

    /// Returns the user of the connection: the one who negotiated, or else this one from now on.
    pub(super) fn fix_principal(&self, opener: Option<Principal>) -> Option<&Principal> {
        match opener {
            Some(opener) => Some(self.principal.get_or_init(|| opener)),
            None => self.principal(),
        }
    }

    /// Keeps a permit until the slot is attached.
    pub(super) fn count_until_attached(&self, counted: Option<ConnectionPermit>) {
        if let State::Negotiated { permit, .. } = &mut *self.lock() {
            *permit = counted;
        }
    }

    pub(super) fn attach(&self, transport: Transport) -> Attach {
        let mut state = self.lock();
        match &mut *state {
            State::Ended { .. } if transport == Transport::LongPolling => Attach::Ended,
            State::Attached {
                transport: used, ..
            } if *used == transport => Attach::Busy,
            State::Attached { .. } | State::Ended { .. } => Attach::OtherTransport,
            State::Negotiated { posted, .. } => {
                let posted = posted.take();
                *state = State::Attached {
                    transport,
                    connection: None,
                    task: None,
                    input: SlotInput::None,
                    end_is_told: false,
                };
                Attach::Attached(posted)
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

    pub(super) fn set_input(&self, opened: SlotInput) {
        if let State::Attached { input, .. } = &mut *self.lock() {
            *input = opened;
        }
    }

    /// Returns what receives a POST; before the connection is opened, that is the pipe that it
    /// will read.
    pub(super) fn receiver(&self) -> Receiver {
        match &mut *self.lock() {
            State::Negotiated { posted, .. } => {
                let (owner, _) = posted.get_or_insert_with(inlet);
                Receiver::Inlet(owner.inlet())
            }
            State::Attached {
                transport: Transport::WebSockets,
                ..
            } => Receiver::WebSocket,
            State::Attached { input, .. } => match input {
                SlotInput::None => None,
                SlotInput::Owned(owner) => Some(owner.inlet()),
                SlotInput::Shared(inlet) => inlet.upgrade(),
            }
            .map_or(Receiver::Nobody, Receiver::Inlet),
            State::Ended { .. } => Receiver::Nobody,
        }
    }

    /// Ends the input of a client that polls, which ends its connection; returns `false` if its
    /// transport is another, or none yet.
    pub(super) fn terminate(&self) -> bool {
        let mut state = self.lock();
        let State::Attached {
            transport: Transport::LongPolling,
            connection,
            input,
            ..
        } = &mut *state
        else {
            return false;
        };
        if let Some(connection) = connection {
            connection.lose_transport();
        }
        let input = mem::replace(input, SlotInput::None);
        drop(state);
        // Dropping it wakes the session.
        drop(input);
        true
    }

    /// Takes the connection out, because the table frees its slots much later.
    pub(super) fn end(&self, keep: Keep) -> (Option<Arc<Connection>>, Ended) {
        let mut state = self.lock();
        let is_untold = keep == Keep::ForTheLastPoll && state.may_poll();
        let before = mem::replace(&mut *state, State::Ended { is_untold });
        drop(state);
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
            State::Attached { connection, .. } => connection
                .as_ref()
                .is_some_and(|connection| connection.has_lost_transport()),
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

impl State {
    /// Returns whether the client polls and does not know of an end yet.
    fn may_poll(&self) -> bool {
        match self {
            Self::Attached {
                transport: Transport::LongPolling,
                connection: Some(connection),
                end_is_told: false,
                ..
            } => !connection.has_lost_transport(),
            _ => false,
        }
    }
}
