//! What a connection without a hub protocol has received and its handler has not taken yet.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hubwire_protocol::TransferFormat;

use super::Chunk;
use crate::node::{Limit, replace_waker};

/// What each chunk counts besides its bytes: about what it costs to keep one.
const CHUNK_COST: usize = 64;

/// The chunks between a session, which adds them, and a handler, which takes them.
#[derive(Debug)]
pub(crate) struct ReceivedChunks {
    /// The size from which on nothing more is read, and the maximum size of a chunk.
    maximum: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    /// What the chunks count.
    cost: usize,
    /// The beginning of a message.
    partial: Vec<u8>,
    has_ended: bool,
    /// The handler takes nothing more.
    is_discarded: bool,
    was_full: bool,
    waker: Option<Waker>,
}

impl ReceivedChunks {
    pub(crate) fn new(maximum: usize) -> Arc<Self> {
        Arc::new(Self {
            maximum: maximum.max(1),
            state: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a part of a message; `is_end` says whether the message ends with it.
    pub(crate) fn add(&self, format: TransferFormat, bytes: &[u8], is_end: bool) {
        let mut state = self.lock();
        if state.is_discarded {
            return;
        }
        state.partial.extend_from_slice(bytes);
        if is_end {
            state.end_chunk(format, 0);
        } else if state.partial.len() >= self.maximum {
            let tail = match format {
                TransferFormat::Text => incomplete_character(&state.partial),
                TransferFormat::Binary => 0,
            };
            if tail < state.partial.len() {
                state.end_chunk(format, tail);
            }
        }
        let waker = match state.chunks.is_empty() {
            true => None,
            false => state.waker.take(),
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Returns whether nothing more is to be read until the handler has taken something; each time
    /// counts once for the limit.
    pub(crate) fn is_full(&self, limit: &Limit) -> bool {
        let mut state = self.lock();
        let is_full = !state.chunks.is_empty() && state.cost + state.partial.len() >= self.maximum;
        if is_full && !mem::replace(&mut state.was_full, true) {
            limit.count();
        }
        is_full
    }

    /// Records that nothing more comes. The beginning of a message that was cut off is lost.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.has_ended = true;
        state.partial = Vec::new();
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Drops everything, now and later.
    pub(super) fn discard(&self) {
        let mut state = self.lock();
        let left = mem::take(&mut *state);
        state.has_ended = left.has_ended;
        state.is_discarded = true;
        drop(state);
        drop(left);
    }

    /// Takes the next chunk, and says whether the session waits for the space; `None` is the end.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<(Chunk, bool)>> {
        let mut state = self.lock();
        let Some(chunk) = state.chunks.pop_front() else {
            if state.has_ended {
                return Poll::Ready(None);
            }
            let replaced = replace_waker(&mut state.waker, cx);
            drop(state);
            // Dropping it may run the handler's code.
            drop(replaced);
            return Poll::Pending;
        };
        state.cost -= chunk.bytes().len() + CHUNK_COST;
        if state.chunks.is_empty() {
            state.chunks = VecDeque::new();
        }
        let has_room = state.cost + state.partial.len() < self.maximum;
        let makes_room = has_room && mem::take(&mut state.was_full);
        Poll::Ready(Some((chunk, makes_room)))
    }
}

impl State {
    /// Makes a chunk of the beginning of a message, except for its last `tail` bytes.
    fn end_chunk(&mut self, format: TransferFormat, tail: usize) {
        let rest = self.partial.split_off(self.partial.len() - tail);
        let mut bytes = mem::replace(&mut self.partial, rest);
        bytes.shrink_to_fit();
        self.cost += bytes.len() + CHUNK_COST;
        self.chunks.push_back(Chunk::new(format, bytes.into()));
    }
}

/// Returns how many bytes at the end of valid text are the beginning of a character.
fn incomplete_character(text: &[u8]) -> usize {
    let behind_last_lead = text
        .iter()
        .rev()
        .take(4)
        .position(|byte| !(0x80..0xc0).contains(byte));
    let Some(continued) = behind_last_lead else {
        return 0;
    };
    let lead = text.iter().rev().nth(continued).copied().unwrap_or(0);
    let length = match lead {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    };
    match continued + 1 < length {
        true => continued + 1,
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;
    use crate::node::Limits;

    fn take(received: &ReceivedChunks) -> Option<Chunk> {
        let taken = poll_fn(|cx| received.poll_take(cx)).now_or_never();
        taken.flatten().map(|(chunk, _)| chunk)
    }

    fn all(received: &ReceivedChunks) -> Vec<Chunk> {
        std::iter::from_fn(|| take(received)).collect()
    }

    #[test]
    fn a_message_is_a_chunk_however_it_is_split() {
        let received = ReceivedChunks::new(100);
        received.add(TransferFormat::Text, b"on", false);
        assert_eq!(take(&received), None);
        received.add(TransferFormat::Text, b"e", true);
        received.add(TransferFormat::Binary, b"", true);
        received.end();
        assert_eq!(all(&received), [Chunk::from("one"), Chunk::from(&b""[..])]);
        assert!(poll_fn(|cx| received.poll_take(cx)).now_or_never() == Some(None));
    }

    #[test]
    fn a_message_that_is_too_long_is_cut_between_characters() {
        let received = ReceivedChunks::new(4);
        received.add(TransferFormat::Text, "abä".as_bytes(), false);
        received.add(TransferFormat::Text, "abcä".as_bytes().split_at(4).0, false);
        received.add(TransferFormat::Text, "ä".as_bytes().split_at(1).1, true);
        assert_eq!(all(&received), ["abä", "abc", "ä"].map(Chunk::from));
    }

    #[test]
    fn full_is_counted_once_and_empty_chunks_count_too() {
        let limits = Limits::default();
        let limit = &limits.application_buffer;
        let received = ReceivedChunks::new(2 * CHUNK_COST);
        received.add(TransferFormat::Binary, b"", true);
        assert!(!received.is_full(limit));
        received.add(TransferFormat::Binary, b"", true);
        assert!(received.is_full(limit) && received.is_full(limit));
        let taken = poll_fn(|cx| received.poll_take(cx)).now_or_never();
        assert!(matches!(taken, Some(Some((_, true)))));
        assert!(!received.is_full(limit));
        // A message that has not ended yet must not stop the reading of its end.
        received.add(TransferFormat::Binary, b"", true);
        assert_eq!(all(&received).len(), 2);
        received.add(TransferFormat::Binary, &[0; 100], false);
        assert!(!received.is_full(limit));
    }

    #[test]
    fn nothing_is_kept_for_a_handler_that_takes_nothing_more() {
        let received = ReceivedChunks::new(4);
        received.add(TransferFormat::Binary, b"12345678", true);
        received.discard();
        received.add(TransferFormat::Binary, b"12345678", true);
        assert_eq!(all(&received), []);
        assert_eq!(received.lock().cost, 0);
    }

    proptest! {
        #[test]
        fn text_arrives_whole_and_as_text(text in ".{0,40}", maximum in 1_usize..20, pieces in 1_usize..10) {
            let received = ReceivedChunks::new(maximum);
            let mut parts = text.as_bytes().chunks(pieces).peekable();
            while let Some(part) = parts.next() {
                received.add(TransferFormat::Text, part, parts.peek().is_none());
            }
            let chunks = all(&received);
            let texts: Option<Vec<_>> = chunks.iter().map(Chunk::as_text).collect();
            prop_assert_eq!(texts.map(|texts| texts.concat()), Some(text));
        }
    }
}
