//! The identity of a connection, and its operations for everything except its session.

mod clock;
mod current_user;
mod disconnect_reason;
mod items;
mod principal;
mod request;
mod user_id;

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

pub(crate) use clock::ConnectionClock;
pub(crate) use current_user::CurrentUser;
pub use disconnect_reason::DisconnectReason;
use hubwire_core::{ConnectionId, GroupName, UserId};
use hubwire_protocol::{HubProtocol, Transport};
use indexmap::IndexSet;
pub use items::Items;
pub use principal::{NAME_IDENTIFIER, Principal};
pub use request::ConnectionRequest;
pub(crate) use request::cookie;
use tokio_util::sync::CancellationToken;
pub use user_id::{NameIdentifierUserIdProvider, UserIdProvider};

use crate::node::{Received, Traffic, Whose, fire, guarded_step_of};
use crate::outbound::{Failure, Outbound};

/// What is known about a connection before its handshake.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) user_id: Option<UserId>,
    pub(crate) user: CurrentUser,
    pub(crate) request: ConnectionRequest,
    pub(crate) transport: Transport,
}

/// A connection as seen by everything except its session.
pub(crate) struct Connection {
    user_id: Option<UserId>,
    principal: Mutex<Option<Principal>>,
    /// See [`CurrentUser::expires`]; of its own, because each sweep reads it.
    expires: AtomicU64,
    request: ConnectionRequest,
    transport: Transport,
    protocol: OnceLock<HubProtocol>,
    items: Items,
    outbound: Arc<Outbound>,
    clock: ConnectionClock,
    /// Created on first use: most connections never need it.
    aborted: OnceLock<CancellationToken>,
    /// Why the connection is to end. Boxed, because most connections have no reason yet.
    end: OnceLock<Box<DisconnectReason>>,
    /// Whether its client can neither be heard any more nor come back.
    has_lost_transport: AtomicBool,
    /// Its client polled and was away for too long.
    was_absent: AtomicBool,
    /// Slots of calls that wait for a client result; they are not yet given to other calls.
    released_slots: AtomicUsize,
    /// Items of the connection's streams that its session has not counted yet.
    streamed_items: AtomicU32,
    received: Received,
    groups: Mutex<IndexSet<GroupName>>,
    position: AtomicUsize,
}

impl Connection {
    pub(crate) fn new(identity: Identity, outbound: Arc<Outbound>) -> Arc<Self> {
        Arc::new(Self {
            clock: ConnectionClock::new(outbound.node().now()),
            user_id: identity.user_id,
            principal: Mutex::new(identity.user.principal),
            expires: AtomicU64::new(identity.user.expires),
            request: identity.request,
            transport: identity.transport,
            protocol: OnceLock::new(),
            items: Items::default(),
            outbound,
            aborted: OnceLock::new(),
            end: OnceLock::new(),
            has_lost_transport: AtomicBool::new(false),
            was_absent: AtomicBool::new(false),
            released_slots: AtomicUsize::new(0),
            streamed_items: AtomicU32::new(0),
            received: Received::default(),
            groups: Mutex::default(),
            position: AtomicUsize::new(usize::MAX),
        })
    }

    pub(crate) fn id(&self) -> &ConnectionId {
        self.whose().connection_id
    }

    /// Returns the names of the hub and the connection, for the log.
    pub(crate) fn whose(&self) -> Whose<'_> {
        self.outbound.whose()
    }

    pub(crate) fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    /// Returns the user, as authenticated last.
    pub(crate) fn principal(&self) -> Option<Principal> {
        self.lock_principal().clone()
    }

    /// Sets the same user, as authenticated anew.
    pub(crate) fn set_user(&self, user: CurrentUser) {
        let mut principal = self.lock_principal();
        let before = mem::replace(&mut *principal, user.principal);
        // Under the lock: if two requests set the user at once, both values are of the same one.
        self.expires.store(user.expires, Ordering::Relaxed);
        drop(principal);
        drop(before);
    }

    /// Returns when the connection ends because its user's authentication does, in milliseconds of
    /// the node's clock.
    pub(crate) fn expiry(&self) -> u64 {
        self.expires.load(Ordering::Relaxed)
    }

    fn lock_principal(&self) -> MutexGuard<'_, Option<Principal>> {
        self.principal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn request(&self) -> &ConnectionRequest {
        &self.request
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    pub(crate) fn items(&self) -> &Items {
        &self.items
    }

    pub(crate) fn clock(&self) -> &ConnectionClock {
        &self.clock
    }

    /// Returns what was received, for the metrics.
    pub(crate) fn received(&self) -> &Received {
        &self.received
    }

    /// Takes what the connection has carried since the last time.
    pub(crate) fn take_traffic(&self) -> Traffic {
        let mut traffic = self.received.take();
        traffic.add(self.outbound.take_traffic());
        traffic
    }

    pub(crate) fn outbound(&self) -> &Arc<Outbound> {
        &self.outbound
    }

    /// Returns the protocol agreed on in the handshake; before that JSON, which every peer speaks.
    pub(crate) fn protocol(&self) -> HubProtocol {
        self.protocol.get().copied().unwrap_or(HubProtocol::Json)
    }

    pub(crate) fn set_protocol(&self, protocol: HubProtocol) {
        // A connection makes one handshake; a second value could only be the same.
        let _ = self.protocol.set(protocol);
    }

    /// Appends a hub message of the session's own; the session writes it at the end of its read.
    pub(crate) fn gather(&self, message: &[u8]) {
        let transfer_format = self.protocol().transfer_format();
        self.outbound.gather(transfer_format, message);
    }

    /// Returns the connection's position in its hub's list of all connections.
    pub(crate) fn position(&self) -> &AtomicUsize {
        &self.position
    }

    /// Returns the groups that the connection is in.
    pub(crate) fn groups(&self) -> MutexGuard<'_, IndexSet<GroupName>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn aborted(&self) -> CancellationToken {
        let token = self.aborted.get_or_init(CancellationToken::new).clone();
        // Either this sees that nothing more is sent, or `finish_sending` sees the token.
        fence(Ordering::SeqCst);
        if self.outbound.is_finished() {
            fire(Some(self.whose()), &token);
        }
        token
    }

    /// Prevents further sends and fires the token that hub code may hold.
    pub(crate) fn finish_sending(&self) {
        self.outbound.finish();
        fence(Ordering::SeqCst);
        if let Some(token) = self.aborted.get() {
            fire(Some(self.whose()), token);
        }
    }

    /// Ends the connection on behalf of hub code: nothing more is sent except the Close message.
    pub(crate) fn abort(&self) {
        self.finish_sending();
        self.end(DisconnectReason::Aborted);
    }

    /// Tells the session to end the connection; the first reason counts.
    pub(crate) fn end(&self, reason: DisconnectReason) {
        self.set_end(reason);
        self.outbound.wake_owner();
    }

    /// Ends the connection on behalf of others, whatever panics; returns whether that is news to
    /// it. Nothing that is sent from now on reaches its client.
    pub(crate) fn disconnect(&self, reason: DisconnectReason) -> bool {
        let has_left = self.has_lost_transport();
        // Without an answer to its handshake, a client would take the Close message for one.
        if self.protocol.get().is_some() {
            guarded_step_of(self.whose(), "the end of sending", || self.finish_sending());
        }
        let is_first = self.set_end(reason);
        guarded_step_of(self.whose(), "the waking of a session", || {
            self.outbound.wake_owner();
        });
        is_first && !has_left
    }

    /// Returns whether this is the first reason.
    fn set_end(&self, reason: DisconnectReason) -> bool {
        self.outbound.failure().is_none() && self.end.set(Box::new(reason)).is_ok()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.get().is_some() || self.outbound.failure().is_some()
    }

    /// Records that the input of the transport has ended; from now on the connection is only shut
    /// down.
    pub(crate) fn lose_transport(&self) {
        self.has_lost_transport.store(true, Ordering::Release);
    }

    /// Ends the connection of a client that polls, because it was away for too long.
    pub(crate) fn end_absence(&self) {
        self.was_absent.store(true, Ordering::Release);
        self.lose_transport();
        self.end(DisconnectReason::TransportClosed);
    }

    /// Returns whether the connection ended because its client, or the client's network, was silent
    /// or too slow.
    pub(crate) fn has_timed_out(&self) -> bool {
        matches!(
            self.end_reason(),
            Some(DisconnectReason::ClientTimedOut | DisconnectReason::TooSlow)
        ) || self.was_absent.load(Ordering::Acquire)
            || self.outbound.failure() == Some(Failure::PeerDead)
    }

    /// Returns whether no request can belong to the connection any more, even if its hub has not
    /// yet been told of its end.
    pub(crate) fn has_lost_transport(&self) -> bool {
        self.has_lost_transport.load(Ordering::Acquire) || self.outbound.failure().is_some()
    }

    /// Returns why the connection is to end, if it is.
    pub(crate) fn end_reason(&self) -> Option<DisconnectReason> {
        if let Some(reason) = self.end.get() {
            return Some((**reason).clone());
        }
        Some(match self.outbound.failure()? {
            Failure::Lost | Failure::PeerDead => DisconnectReason::TransportClosed,
            Failure::QueueFull | Failure::NoProgress | Failure::NodeFull => {
                DisconnectReason::TooSlow
            }
        })
    }

    /// Wakes the session's task, because something it waits for may have happened.
    pub(crate) fn wake_session(&self) {
        self.outbound.wake_owner();
    }

    /// Gives a call's slot to the next call.
    pub(crate) fn release_slot(&self) {
        self.released_slots.fetch_add(1, Ordering::AcqRel);
        self.outbound.wake_owner();
    }

    /// Counts an item of a stream towards the session's turn.
    pub(crate) fn count_streamed_item(&self) {
        self.streamed_items.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn take_streamed_items(&self) -> usize {
        match self.streamed_items.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.streamed_items.swap(0, Ordering::Relaxed) as usize,
        }
    }

    pub(crate) fn take_released_slots(&self) -> usize {
        match self.released_slots.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.released_slots.swap(0, Ordering::AcqRel),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let traffic = self.take_traffic();
        self.outbound.node().metrics().carried(traffic);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", self.id())
            .finish_non_exhaustive()
    }
}
