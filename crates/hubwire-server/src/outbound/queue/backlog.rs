//! Dropping and replacing queued messages of clients that are busy.
//!
//! Entries are numbered from when the queue first drops or replaces a message until it is empty.
//! A dropped message leaves an empty entry behind, so that the numbers of others stay true; empty
//! entries are removed at the head, and all of them once they are more than half of the queue.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::mem;

use hubwire_core::{EncodedMessage, MessageKey};

use super::Queue;
use super::entry::{Content, Entry};

/// Fewer empty entries than this are left where they are.
const FEW_DROPPED: usize = 32;

/// What a queue knows of its entries once it has dropped or replaced a message.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The number of the first entry.
    first: u64,
    /// How many entries are empty.
    dropped: usize,
    /// How many bytes the keys of all entries have, once keys are known.
    key_bytes: usize,
    /// No entry with a lower number may be dropped for a newer one.
    searched: u64,
    /// The number of the last entry with each key; `None` until the first message with a key is to
    /// replace another.
    keys: Option<HashMap<MessageKey, u64>>,
}

/// Whether the first entry can still be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::outbound) enum Head {
    Changeable,
    /// The byte stream has been offered it.
    ///
    /// Some streams must be offered the same bytes again, even if they have taken none.
    Offered,
    /// So many entries are promised to a puller, the first one included.
    Claimed(usize),
}

/// The outcome of offering a message to those with the same key.
#[derive(Debug)]
#[must_use]
pub(in crate::outbound) struct Replaced {
    /// How many messages are gone.
    pub(in crate::outbound) count: u64,
    /// The message, if there was none with its key.
    pub(in crate::outbound) left: Option<EncodedMessage>,
}

impl Backlog {
    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(super) fn key_bytes(&self) -> usize {
        self.key_bytes
    }

    /// Records that a message comes last, at this position.
    #[cold]
    pub(super) fn note(&mut self, message: &EncodedMessage, position: usize) {
        if let (Some(keys), Some(key)) = (&mut self.keys, message.when_busy().key()) {
            let older = keys.insert(key.clone(), self.first + position as u64);
            self.key_bytes += key.len();
            if older.is_some() {
                self.forget_keys();
            }
        }
    }

    /// Lets the next message that is to replace another look for keys again, as two messages have
    /// the same: the client was not busy when the second was queued.
    fn forget_keys(&mut self) {
        self.keys = None;
        self.key_bytes = 0;
    }

    /// Records that the first entry was removed.
    fn pass(&mut self, entry: &Entry) {
        let number = self.first;
        self.first += 1;
        self.dropped -= usize::from(entry.is_dropped());
        if let (Some(keys), Some(key)) = (&mut self.keys, entry.key()) {
            self.key_bytes -= key.len();
            if keys.get(key) == Some(&number) {
                keys.remove(key);
            }
        }
    }

    /// Returns the position of an entry that is still queued.
    fn position(&self, number: u64) -> usize {
        usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX)
    }
}

impl Queue {
    /// Puts a message into the place of the one with the same key, if there is one.
    pub(in crate::outbound) fn replace(
        &mut self,
        message: EncodedMessage,
        size: usize,
        head: Head,
    ) -> Replaced {
        let count = self.index_keys(head);
        match self.place_of(&message, head) {
            Some(position) => {
                self.put(position, Content::Shared(message, size));
                let (count, left) = (count + 1, None);
                Replaced { count, left }
            }
            None => {
                let left = Some(message);
                Replaced { count, left }
            }
        }
    }

    /// Records that the first entry was removed; an empty queue has no backlog.
    #[cold]
    pub(super) fn pass(&mut self, entry: &Entry) {
        match &mut self.backlog {
            _ if self.entries.is_empty() => self.backlog = None,
            Some(backlog) => backlog.pass(entry),
            None => {}
        }
    }

    /// Returns the position of the message with the same key, if it can still be replaced.
    fn place_of(&self, message: &EncodedMessage, head: Head) -> Option<usize> {
        let backlog = self.backlog.as_ref()?;
        let number = backlog.keys.as_ref()?.get(message.when_busy().key()?)?;
        let position = backlog.position(*number);
        (position >= self.first_changeable(head)).then_some(position)
    }

    /// Drops the oldest message that may be dropped for a newer one; returns whether there was one.
    pub(in crate::outbound) fn drop_oldest(&mut self, head: Head) -> bool {
        let backlog = self.backlog.get_or_insert_default();
        let searched = backlog.position(backlog.searched);
        let from = searched.max(self.first_changeable(head));
        let mut rest = self.entries.range(from.min(self.entries.len())..);
        let found = rest.position(Entry::may_be_dropped).map(|at| from + at);
        let until = found.map_or(self.entries.len(), |position| position + 1);
        if let Some(backlog) = &mut self.backlog {
            backlog.searched = backlog.first + until as u64;
        }
        if let Some(position) = found {
            self.empty(position);
            self.remove_dropped();
        }
        found.is_some()
    }

    /// Lets entries be dropped that were claimed until now.
    pub(in crate::outbound) fn forget_what_was_searched(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            backlog.searched = 0;
        }
    }

    fn first_changeable(&self, head: Head) -> usize {
        let unchangeable = match head {
            Head::Changeable => 0,
            Head::Offered => 1,
            Head::Claimed(entries) => entries,
        };
        unchangeable.max(usize::from(self.head_written > 0))
    }

    /// Empties an entry, and returns what was in it.
    fn empty(&mut self, position: usize) -> Option<Content> {
        self.backlog.get_or_insert_default().dropped += 1;
        self.put(position, Content::Dropped)
    }

    /// Puts something else into an entry, and returns what was in it.
    fn put(&mut self, position: usize, content: Content) -> Option<Content> {
        let entry = self.entries.get_mut(position)?;
        self.bytes -= entry.size();
        let before = mem::replace(&mut entry.content, content);
        self.bytes += entry.size();
        Some(before)
    }

    /// Removes empty entries at the head, and everywhere if there are many.
    fn remove_dropped(&mut self) {
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.is_dropped()) {
            self.pass(&entry);
        }
        let dropped = self.backlog.as_ref().map_or(0, |it| it.dropped);
        if dropped >= FEW_DROPPED && dropped > self.entries.len() / 2 {
            self.entries.retain(|entry| !entry.is_dropped());
            // The numbers are no longer true.
            self.backlog = None;
        }
    }

    /// Finds the messages with keys, unless that was done; returns how many were replaced by later
    /// ones with the same keys, which were queued while the client was not busy.
    fn index_keys(&mut self, head: Head) -> u64 {
        let first_changeable = self.first_changeable(head);
        let backlog = self.backlog.get_or_insert_default();
        if backlog.keys.is_some() {
            return 0;
        }
        let mut keys = HashMap::new();
        let mut newer = Vec::new();
        for (position, entry) in self.entries.iter().enumerate() {
            if position >= first_changeable
                && let Some(key) = entry.key()
            {
                let number = backlog.first + position as u64;
                let oldest = *keys.entry(key.clone()).or_insert(number);
                if oldest != number {
                    newer.push((backlog.position(oldest), position));
                }
            }
        }
        backlog.keys = Some(keys);
        let count = newer.len() as u64;
        for (oldest, position) in newer {
            if let Some(content) = self.empty(position) {
                self.put(oldest, content);
            }
        }
        let key_bytes = self.entries.iter().map(Entry::key_size).sum();
        self.backlog.get_or_insert_default().key_bytes = key_bytes;
        count
    }
}

#[cfg(test)]
impl Queue {
    /// Returns how many keys are remembered, and how many entries there are, empty ones included.
    pub(in crate::outbound) fn remembered(&self) -> (usize, usize) {
        let keys = self.backlog.as_ref().and_then(|it| it.keys.as_ref());
        (keys.map_or(0, HashMap::len), self.entries.len())
    }
}
