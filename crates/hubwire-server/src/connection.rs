//! One SignalR connection: who it is, what waits for its socket, and what ends it.

mod clock;
mod ending;
mod finish;
mod flusher;
mod handshake;
mod inbox;
mod outbound_queue;
mod reader;
mod request;
mod scratch;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
pub(crate) use clock::{ConnectionClock, ServerClock};
pub(crate) use ending::{EndReason, Ending};
pub(crate) use flusher::{Flusher, Flushers};
use futures_util::task::AtomicWaker;
use hubwire_core::{ConnectionId, EncodedMessage, GroupName, HubLifetimeManager, UserId};
use hubwire_protocol::HubProtocol;
use indexmap::IndexSet;
use outbound_queue::Writer;
pub(crate) use outbound_queue::{OutboundQueue, Push};
pub(crate) use reader::Reader;
pub(crate) use reader::data_opcode;
pub use request::ConnectionRequest;
pub(crate) use scratch::{ReadBuffer, with_scratch};
use tokio_util::sync::CancellationToken;

use crate::hub::{Items, Principal};
use crate::server::Server;

/// What is known of a connection before its handshake.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: ConnectionId,
    pub(crate) user_id: Option<UserId>,
    pub(crate) principal: Option<Principal>,
    pub(crate) request: ConnectionRequest,
}

/// A connection as everything but its reader sees it.
pub(crate) struct Connection {
    identity: Identity,
    lifetime: Arc<dyn HubLifetimeManager>,
    server: Arc<Server>,
    flusher: Arc<Flusher>,
    send_timeout: Duration,
    protocol: OnceLock<HubProtocol>,
    items: Items,
    outbound: OutboundQueue,
    clock: ConnectionClock,
    /// Made only for those who ask: most connections never need one.
    aborted: OnceLock<CancellationToken>,
    end: Mutex<Option<EndReason>>,
    reader: AtomicWaker,
    /// Slots of calls that wait for a client's answer, not yet given to others.
    released_slots: AtomicUsize,
    groups: Mutex<IndexSet<GroupName>>,
    position: AtomicUsize,
}

impl Connection {
    pub(crate) fn new(
        identity: Identity,
        lifetime: Arc<dyn HubLifetimeManager>,
        server: Arc<Server>,
        outbound: OutboundQueue,
        send_timeout: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            flusher: server.flushers().assign(),
            clock: ConnectionClock::new(server.clock().now()),
            identity,
            lifetime,
            server,
            send_timeout,
            protocol: OnceLock::new(),
            items: Items::default(),
            outbound,
            aborted: OnceLock::new(),
            end: Mutex::new(None),
            reader: AtomicWaker::new(),
            released_slots: AtomicUsize::new(0),
            groups: Mutex::default(),
            position: AtomicUsize::new(usize::MAX),
        })
    }

    pub(crate) fn id(&self) -> &ConnectionId {
        &self.identity.id
    }

    pub(crate) fn user_id(&self) -> Option<&UserId> {
        self.identity.user_id.as_ref()
    }

    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.identity.principal.as_ref()
    }

    pub(crate) fn request(&self) -> &ConnectionRequest {
        &self.identity.request
    }

    pub(crate) fn lifetime(&self) -> &Arc<dyn HubLifetimeManager> {
        &self.lifetime
    }

    pub(crate) fn items(&self) -> &Items {
        &self.items
    }

    pub(crate) fn clock(&self) -> &ConnectionClock {
        &self.clock
    }

    pub(crate) fn outbound(&self) -> &OutboundQueue {
        &self.outbound
    }

    /// The protocol agreed on in the handshake; JSON, which every peer speaks, before that.
    pub(crate) fn protocol(&self) -> HubProtocol {
        self.protocol.get().copied().unwrap_or(HubProtocol::Json)
    }

    pub(crate) fn set_protocol(&self, protocol: HubProtocol) {
        // A connection makes one handshake; a second value could only be the same one.
        let _ = self.protocol.set(protocol);
    }

    /// Where the connection stands in its hub's list of all connections.
    pub(crate) fn position(&self) -> &AtomicUsize {
        &self.position
    }

    /// The groups it is in.
    pub(crate) fn groups(&self) -> MutexGuard<'_, IndexSet<GroupName>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn aborted(&self) -> CancellationToken {
        let token = self.aborted.get_or_init(CancellationToken::new).clone();
        if self.outbound.is_finished() {
            token.cancel();
        }
        token
    }

    /// Lets nothing more be sent and fires the token that hub code may hold.
    pub(crate) fn finish_sending(&self) {
        self.outbound.finish();
        if let Some(token) = self.aborted.get() {
            token.cancel();
        }
    }

    /// Ends the connection from hub code: nothing more is sent but the goodbye.
    pub(crate) fn abort(&self) {
        self.finish_sending();
        self.end(EndReason::Aborted);
    }

    /// Tells the reader to end the connection; the first reason counts.
    pub(crate) fn end(&self, reason: EndReason) {
        if matches!(reason, EndReason::TooSlow)
            && !self.has_ended()
            && let Some(hits) = self.server.limits().outbound.hit(self.server.clock().now())
        {
            tracing::warn!(target: "hubwire::connection", hits, connection_id = %self.id(), "a slow client is let go");
        }
        self.end_lock().get_or_insert(reason);
        self.reader.wake();
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end_lock().is_some()
    }

    pub(crate) fn take_end(&self) -> Option<EndReason> {
        self.end_lock().take()
    }

    fn end_lock(&self) -> MutexGuard<'_, Option<EndReason>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake_reader(&self) {
        self.reader.wake();
    }

    /// Gives a call's slot to the next call.
    pub(crate) fn release_slot(&self) {
        self.released_slots.fetch_add(1, Ordering::AcqRel);
        self.reader.wake();
    }

    pub(crate) fn take_released_slots(&self) -> usize {
        match self.released_slots.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.released_slots.swap(0, Ordering::AcqRel),
        }
    }

    pub(crate) fn register_reader(&self, waker: &Waker) {
        self.reader.register(waker);
    }

    /// Queues a shared frame without ever waiting for this peer; a peer that is too slow is let go.
    ///
    /// Whether the sender should let its socket try before it sends more.
    pub(crate) fn offer(self: &Arc<Self>, message: &EncodedMessage) -> bool {
        match self.outbound.offer(message.web_socket_frame()) {
            Push::Queued(added) => {
                self.flush_later(added);
                return added.at_bound;
            }
            Push::Full => self.end(EndReason::TooSlow),
            Push::Gone => {}
        }
        false
    }

    /// Queues a shared frame if there is room, for the one receiver of a message.
    pub(crate) fn try_send(self: &Arc<Self>, frame: &Bytes) -> bool {
        match self.outbound.push(frame.clone()) {
            Push::Queued(added) => self.flush_later(added),
            Push::Full => return false,
            Push::Gone => {}
        }
        true
    }

    /// Waits for room, at most the send timeout; then the peer is let go.
    pub(crate) async fn send_when_room(self: Arc<Self>, frame: Bytes) {
        let queued = async {
            loop {
                let room = self.outbound.room();
                if self.try_send(&frame) {
                    return;
                }
                room.await;
            }
        };
        if tokio::time::timeout(self.send_timeout, queued)
            .await
            .is_err()
        {
            self.end(EndReason::TooSlow);
        }
    }

    fn flush_later(self: &Arc<Self>, added: outbound_queue::Added) {
        if added.unflushed > 0 {
            self.flusher.add_unflushed(added.unflushed);
        }
        if added.newly_dirty {
            self.flusher.mark_dirty(Arc::clone(self));
        }
    }

    /// The reader's write at the end of its read.
    pub(crate) fn write_queue(self: &Arc<Self>) {
        self.write(Writer::Reader);
    }

    /// The flusher's write of its round.
    pub(crate) fn flush(self: &Arc<Self>) {
        self.write(Writer::Flusher);
    }

    /// Offers what is queued to the socket, once; whatever it refuses is drained by a task.
    fn write(self: &Arc<Self>, writer: Writer) {
        let offered = self.outbound.write(writer);
        self.flusher.sub_unflushed(offered.unflushed);
        if writer == Writer::Reader && offered.unflushed > 0 {
            self.flusher.relieve();
        }
        self.after_write(offered.outcome);
    }

    fn after_write(self: &Arc<Self>, outcome: outbound_queue::Outcome) {
        match outcome {
            outbound_queue::Outcome::Empty => {}
            // Once nothing more is sent, how the input ended says more.
            outbound_queue::Outcome::Failed if self.outbound.is_finished() => {}
            outbound_queue::Outcome::Failed => self.end(EndReason::SocketFailed),
            outbound_queue::Outcome::Room => self.reader.wake(),
            outbound_queue::Outcome::Refused => {
                let drain = Arc::clone(self).drain();
                self.server.tracker().spawn(drain);
            }
        }
    }

    /// Lives only while the socket refuses bytes.
    async fn drain(self: Arc<Self>) {
        loop {
            let progress = std::future::poll_fn(|cx| self.outbound.poll_drain(cx));
            match tokio::time::timeout(self.send_timeout, progress).await {
                Ok(outbound_queue::Drained::All) => return self.reader.wake(),
                Ok(outbound_queue::Drained::Some) => self.reader.wake(),
                Ok(outbound_queue::Drained::TakenOver) => return,
                Ok(outbound_queue::Drained::Failed) => return self.end(EndReason::SocketFailed),
                Err(_) => return self.end(EndReason::TooSlow),
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", self.id())
            .finish_non_exhaustive()
    }
}
