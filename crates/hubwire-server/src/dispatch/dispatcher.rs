//! The dispatcher: takes the messages of one connection in order and runs the calls in them.

use std::fmt;
use std::sync::Arc;
use std::task::Context;

use hubwire_protocol::{Close, HubMessage, HubProtocol, Naming, ProtocolError};
use tokio::time::Instant;

use super::invoke::{Mode, Taken, WaitingCall};
use super::open_streams::{LeftUploads, OpenStreams};
use super::orphans;
use super::running::{Ended, Over, RunningCalls};
use crate::connection::{Connection, DisconnectReason};
use crate::hub::{Caller, Details, HubError, HubRuntime, Upload, Warning};
use crate::node::Turn;

/// The dispatcher of one connection.
pub(crate) struct Dispatcher {
    pub(super) hub: Arc<HubRuntime>,
    pub(super) caller: Caller,
    pub(super) protocol: HubProtocol,
    pub(super) running: RunningCalls,
    pub(super) free_slots: usize,
    /// The next call if no slot is free for it. Messages after it are not read until it begins.
    /// Boxed, because most connections have none.
    pub(super) waiting: Option<Box<WaitingCall>>,
    /// Allocated for the first stream and dropped with the last, because most connections have
    /// none.
    pub(super) open: Option<Box<OpenStreams>>,
    /// The stream whose next item has to wait, as do all messages after it.
    pub(super) full_upload: Option<Arc<dyn Upload>>,
    /// When the last call ended, if nothing that takes time has happened since.
    pub(super) time: Option<Instant>,
}

/// How far messages were dispatched.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatched {
    /// The number of bytes that were dispatched.
    pub(crate) used: usize,
    /// Whether the bytes after them were searched, and are the beginning of a message.
    pub(crate) is_rest_incomplete: bool,
}

impl Dispatcher {
    pub(crate) fn new(hub: Arc<HubRuntime>, connection: &Arc<Connection>) -> Self {
        Self {
            free_slots: hub.options().maximum_parallel_invocations_per_client.get(),
            caller: hub.caller(connection),
            protocol: connection.protocol(),
            running: RunningCalls::default(),
            waiting: None,
            open: None,
            full_upload: None,
            time: None,
            hub,
        }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        self.caller.connection()
    }

    /// Returns whether a call is running or waits for a slot.
    pub(crate) fn has_calls(&self) -> bool {
        self.running.len() > 0 || self.waiting.is_some()
    }

    /// Returns whether messages must wait: for a slot, for room in a stream or in the queue, or for
    /// the connection's end.
    pub(crate) fn is_blocked(&self) -> bool {
        self.waiting.is_some()
            || self.full_upload.as_ref().is_some_and(|full| full.is_full())
            || self.connection().outbound().owner_must_wait()
    }

    /// Returns whether a kept message may be complete now that its last `added` bytes have arrived.
    pub(crate) fn may_complete(&self, buffered: &[u8], added: usize) -> bool {
        let limit = self.hub.options().maximum_receive_message_size;
        self.protocol.may_complete(buffered, added)
            || limit.is_some_and(|limit| buffered.len() > limit)
    }

    /// Dispatches complete messages in order, as many as the turn allows.
    pub(crate) fn dispatch_all(
        &mut self,
        bytes: &[u8],
        turn: &mut Turn,
        cx: &mut Context<'_>,
    ) -> Dispatched {
        let limit = self.hub.options().maximum_receive_message_size;
        let (mut used, mut is_rest_incomplete, mut messages) = (0, false, 0);
        self.time = None;
        while let Some(rest @ [_, ..]) = bytes.get(used..)
            && !turn.is_over()
            && !self.connection().has_ended()
            && !self.is_blocked()
        {
            match self.protocol.next_message(rest, limit) {
                Ok(Some((mut message, consumed))) => {
                    if let Err(error) = message.check_ids() {
                        self.end_for(&error);
                        break;
                    }
                    if self.hub.options().naming != Naming::AsDeclared {
                        message = message.with_naming(self.hub.options().naming);
                    }
                    if !self.dispatch(message, cx) {
                        break;
                    }
                    used += consumed;
                    messages += 1;
                    turn.took_messages(1 + self.connection().take_streamed_items());
                }
                Ok(None) => {
                    tracing::trace!(target: "hubwire::dispatch", searched = rest.len(), "looked for a message in vain");
                    is_rest_incomplete = true;
                    break;
                }
                Err(error) => self.end_for(&error),
            }
        }
        if used > 0 {
            let now = match self.time {
                Some(time) => self.hub.node().at(time),
                None => self.hub.node().now(),
            };
            self.connection().clock().received(now);
            self.connection().received().add_messages(messages);
        }
        Dispatched {
            used,
            is_rest_incomplete,
        }
    }

    /// Ends the connection because of an invalid message.
    fn end_for(&self, error: &ProtocolError) {
        let connection_id = self.connection().id();
        let limits = self.hub.node().limits();
        let limit = match error {
            ProtocolError::IdTooLong => Some(&limits.id_size),
            ProtocolError::MessageTooLarge { .. } => Some(&limits.message_size),
            ProtocolError::NestedTooDeeply => Some(&limits.json_nesting),
            _ => None,
        };
        if let Some(limit) = limit {
            limit.count();
        }
        let warning = match error {
            ProtocolError::MessageTooLarge { .. } => Warning::MessageTooLarge,
            _ => Warning::InvalidMessage,
        };
        let details = || Details::of(connection_id).detail(error);
        self.hub.warn(warning, details);
        self.connection().end(DisconnectReason::of_protocol(error));
    }

    /// Dispatches a message. Returns `false` if there is no room for it yet; it must then be
    /// dispatched again later.
    #[inline]
    fn dispatch(&mut self, message: HubMessage<'_>, cx: &mut Context<'_>) -> bool {
        match message {
            HubMessage::Invocation(message) => self.invoke(&message, Mode::Plain, cx),
            HubMessage::StreamInvocation(message) => self.invoke(&message, Mode::Streaming, cx),
            HubMessage::StreamItem(message) => return self.receive_item(&message),
            HubMessage::Completion(message) => self.complete(message),
            HubMessage::CancelInvocation(message) => {
                if let Some(open) = &self.open {
                    open.cancel(self.connection().whose(), &message.invocation_id);
                }
            }
            HubMessage::Ping => self.connection().clock().arm(),
            HubMessage::Close(Close { error, .. }) => {
                self.connection().end(match error {
                    Some(text) => DisconnectReason::ClientFailed(text.into_owned()),
                    None => DisconnectReason::ClientClosed,
                });
            }
            // Messages of a type that this version does not know are ignored.
            _ => tracing::trace!(target: "hubwire::dispatch", ?message, "ignored"),
        }
        true
    }

    /// Polls running calls, as far as the turn allows, and gives the slots of ended calls to the
    /// waiting call.
    pub(crate) fn poll_calls(&mut self, turn: &mut Turn, cx: &mut Context<'_>) {
        loop {
            // Reading may have used up the turn.
            while !turn.is_over()
                && let Some(over) = self.running.poll_over(cx)
            {
                match over {
                    Over::Call(ended) => _ = self.end(ended),
                    Over::Check(decided) => self.decided(*decided, cx),
                }
                turn.took_messages(self.connection().take_streamed_items());
            }
            if turn.is_over() {
                return;
            }
            turn.took_messages(self.connection().take_streamed_items());
            self.free_slots += self.connection().take_released_slots();
            if self.free_slots == 0 || self.connection().has_ended() {
                return;
            }
            let Some(waiting) = self.waiting.take() else {
                break;
            };
            match *waiting {
                WaitingCall::Bound {
                    id,
                    invocation,
                    resources,
                } => {
                    let id = id.as_deref();
                    let invocation = self.asked_again(id, invocation);
                    self.start(id, invocation, &resources, Taken::Slot, cx);
                }
                WaitingCall::Unchecked(check) => self.ask_again(check, cx),
            }
        }
    }

    /// Removes a call that has ended and frees its slot. Returns whether it still held one.
    pub(super) fn end(&mut self, ended: Ended) -> bool {
        let frees_slot = ended.frees_slot();
        self.free_slots += usize::from(frees_slot);
        let (Some(registered), Some(open)) = (ended.registered, &mut self.open) else {
            return frees_slot;
        };
        for (id, upload) in &registered.uploads {
            open.forget_upload(id, upload);
        }
        if let Some(id) = &registered.response {
            open.end_response(id);
        }
        if let Some(number) = registered.call {
            open.end_call(number);
        }
        if open.is_empty() {
            self.open = None;
        }
        frees_slot
    }

    /// Drops the waiting call and tells streaming methods that their connection is gone. Returns
    /// the streams that methods still read.
    pub(crate) fn leave(&mut self) -> Option<LeftUploads> {
        self.waiting = None;
        let open = self.open.as_mut()?;
        let connection = self.caller.connection();
        let uploads = open.take_uploads(Arc::clone(connection));
        open.cancel_responses(connection.whose());
        Some(uploads)
    }

    /// Fails the client's stream whose next item waits for room. Returns whether there was such a
    /// stream.
    ///
    /// Used after the client has left: the method may wait for messages after that item, which
    /// would never be read.
    pub(crate) fn fail_full_upload(&mut self) -> bool {
        let full = self.full_upload.take_if(|upload| upload.is_full());
        if let Some(upload) = &full {
            upload.end(Some(HubError::connection_closed()));
        }
        full.is_some()
    }

    /// Stops the client timeout while messages must wait, because nothing is read from the client
    /// then.
    ///
    /// A client that has left sends nothing more. For it the timeout limits the time between the
    /// messages that it sent before and that are still to be dispatched.
    pub(crate) fn mind_the_clock(&self, has_left: bool) {
        let clock = self.connection().clock();
        if self.is_blocked() && !has_left {
            return clock.stop();
        }
        if clock.is_stopped() {
            clock.resume(self.hub.node().now());
        }
        if has_left {
            clock.arm();
        }
    }

    /// Returns a future that runs the pending calls to their end without their client; `None` if
    /// there are none.
    pub(crate) fn into_orphans(self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let calls = self.running.into_orphans();
        let connection = self.caller.connection();
        (!calls.is_empty()).then(|| orphans::run_out(calls, connection))
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("connection", self.connection())
            .field("free_slots", &self.free_slots)
            .finish_non_exhaustive()
    }
}
