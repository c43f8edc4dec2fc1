//! Hub bytes that have arrived but are not yet dispatched.

use std::mem;
use std::task::Context;

use bytes::{Buf, BytesMut};

use crate::dispatch::Dispatcher;
use crate::node::{Limit, Turn};

/// Holds an incomplete message, or bytes after a call that waits; empty and unallocated when idle.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: BytesMut,
    /// Whether its bytes were searched and contain only the beginning of a message.
    is_incomplete: bool,
    was_full: bool,
}

impl Inbox {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether it is so full that nothing more is read; each time it becomes full counts
    /// once for the limit.
    pub(crate) fn is_full(&mut self, maximum: usize, limit: &Limit) -> bool {
        let is_full = self.len() >= maximum;
        if is_full && !self.was_full {
            limit.count();
        }
        self.was_full = is_full;
        is_full
    }

    /// Stores bytes for later.
    pub(crate) fn keep(&mut self, payload: &[u8]) {
        self.bytes.extend_from_slice(payload);
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.bytes.advance(count);
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }

    /// Dispatches complete messages, in place if nothing was kept before.
    pub(crate) fn receive(
        &mut self,
        payload: &[u8],
        dispatcher: &mut Dispatcher,
        turn: &mut Turn,
        cx: &mut Context<'_>,
    ) {
        if !self.bytes.is_empty() {
            self.keep(payload);
            // Searching a long message again for each piece of it would take quadratic time.
            if self.is_incomplete {
                self.is_incomplete = !dispatcher.may_complete(&self.bytes, payload.len());
            }
            return self.dispatch(dispatcher, turn, cx);
        }
        let dispatched = dispatcher.dispatch_all(payload, turn, cx);
        if let Some(rest @ [_, ..]) = payload.get(dispatched.used..) {
            self.keep(rest);
            self.is_incomplete = dispatched.is_rest_incomplete;
        }
    }

    /// Dispatches complete messages until a call has to wait or the turn is over.
    pub(crate) fn dispatch(
        &mut self,
        dispatcher: &mut Dispatcher,
        turn: &mut Turn,
        cx: &mut Context<'_>,
    ) {
        if self.bytes.is_empty() || self.is_incomplete || dispatcher.is_blocked() {
            return;
        }
        let mut bytes = mem::take(&mut self.bytes);
        let dispatched = dispatcher.dispatch_all(&bytes, turn, cx);
        bytes.advance(dispatched.used);
        if !bytes.is_empty() {
            self.bytes = bytes;
            self.is_incomplete = dispatched.is_rest_incomplete;
        }
    }
}
