//! Hub bytes that arrived and are not yet dispatched.

use std::mem;
use std::task::Context;

use bytes::{Buf, BytesMut};

use crate::dispatch::Dispatcher;
use crate::node::Limit;

/// Holds an incomplete message, or what came behind a call that waits; empty and unallocated at rest.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: BytesMut,
    was_full: bool,
}

impl Inbox {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it holds so much that nothing more is read; what it says of that is counted once.
    pub(crate) fn is_full(&mut self, maximum: usize, limit: &Limit) -> bool {
        let is_full = self.len() >= maximum;
        if is_full && !self.was_full {
            limit.count();
        }
        self.was_full = is_full;
        is_full
    }

    /// Keeps bytes for later.
    pub(crate) fn keep(&mut self, payload: &[u8]) {
        self.bytes.extend_from_slice(payload);
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.bytes.advance(count);
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }

    /// Dispatches what is complete, in place where nothing was kept before.
    pub(crate) fn receive(
        &mut self,
        payload: &[u8],
        dispatcher: &mut Dispatcher,
        cx: &mut Context<'_>,
    ) {
        if !self.bytes.is_empty() || dispatcher.is_blocked() {
            self.keep(payload);
            // Looking again at a long message for each piece of it would cost its length squared.
            if dispatcher.may_complete(&self.bytes, payload.len()) {
                self.dispatch(dispatcher, cx);
            }
            return;
        }
        let used = dispatcher.dispatch_all(payload, cx);
        if let Some(rest @ [_, ..]) = payload.get(used..) {
            self.keep(rest);
        }
    }

    /// Dispatches what is complete until a call has to wait.
    pub(crate) fn dispatch(&mut self, dispatcher: &mut Dispatcher, cx: &mut Context<'_>) {
        if self.bytes.is_empty() || dispatcher.is_blocked() {
            return;
        }
        let mut bytes = mem::take(&mut self.bytes);
        let used = dispatcher.dispatch_all(&bytes, cx);
        bytes.advance(used);
        if !bytes.is_empty() {
            self.bytes = bytes;
        }
    }
}
