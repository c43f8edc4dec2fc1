//! Hub messages and control frames in the order in which they are sent, distinguished and counted.

mod backlog;
mod entry;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;

use backlog::Backlog;
pub(super) use backlog::{Head, Replaced};
use bytes::Bytes;
use entry::{Content, ControlFrames, Entry};
use hubwire_core::{EncodedMessage, FrameFormat};
use hubwire_protocol::TransferFormat;

use super::gathered::Gathered;

/// An idle queue keeps capacity for this many entries.
const KEPT_ENTRIES: usize = 4;

/// What an entry costs in addition to its bytes, when compared with a limit.
pub(super) const ENTRY_COST: usize = 64;

/// The queue for a way out, in the format of the transport that opened the connection.
#[derive(Debug)]
pub(super) struct Queue {
    format: &'static FrameFormat,
    entries: VecDeque<Entry>,
    /// How much of the first entry is written.
    head_written: usize,
    bytes: usize,
    /// How many of them are the session's and the transport's own; a half-written entry counts
    /// whole.
    own_bytes: usize,
    /// How many bytes were ever taken out, to measure progress.
    taken: u64,
    /// How many hub messages were taken out since this was last asked.
    taken_messages: u32,
    /// What is known of the entries once messages were dropped or replaced here.
    backlog: Option<Box<Backlog>>,
}

impl Queue {
    pub(super) fn new(format: &'static FrameFormat) -> Self {
        Self {
            format,
            entries: VecDeque::new(),
            head_written: 0,
            bytes: 0,
            own_bytes: 0,
            taken: 0,
            taken_messages: 0,
            backlog: None,
        }
    }

    /// Returns how many bytes are queued.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many bytes of the session's own messages and the transport's own frames are
    /// queued.
    pub(super) fn own_bytes(&self) -> usize {
        self.own_bytes
    }

    /// Returns what the queue holds in addition to messages that others may hold too.
    pub(super) fn own_cost(&self) -> usize {
        let cost = self.own_bytes + self.entries.len() * ENTRY_COST;
        match &self.backlog {
            Some(backlog) => cost - backlog.dropped() * ENTRY_COST,
            None => cost,
        }
    }

    /// Returns whether dropping the queue frees at least `bytes` bytes.
    pub(super) fn ends_with(&self, bytes: usize) -> bool {
        let mut size = self.own_cost();
        let mut entries = self.entries.iter();
        while size < bytes {
            match entries.next() {
                Some(entry) => size += entry.unshared_size(),
                None => return false,
            }
        }
        true
    }

    /// Returns whether others hold everything in the queue.
    pub(super) fn is_all_shared(&self) -> bool {
        self.own_bytes == 0 && self.entries.iter().all(Entry::is_shared)
    }

    /// Frees unused capacity of the buffers of the session's messages, before they wait for long.
    pub(super) fn trim(&mut self) {
        for entry in &mut self.entries {
            entry.trim();
        }
    }

    /// Returns the capacity of the buffers of the session's messages.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.entries.iter().map(Entry::capacity).sum()
    }

    /// Like [`Queue::trim`], for the last entry only.
    pub(super) fn trim_last(&mut self) {
        if let Some(entry) = self.entries.back_mut() {
            entry.trim();
        }
    }

    /// Returns the second of the node's life since which the first entry has been queued.
    pub(super) fn oldest(&self) -> Option<u32> {
        self.entries.front().map(|entry| entry.since)
    }

    /// Returns what the queue holds, as limits count it.
    pub(super) fn cost(&self) -> usize {
        let cost = self.bytes + self.entries.len() * ENTRY_COST;
        match &self.backlog {
            Some(backlog) => cost + backlog.key_bytes() - backlog.dropped() * ENTRY_COST,
            None => cost,
        }
    }

    /// Like [`Queue::cost`], without a first entry that alone exceeds the maximum: an empty queue
    /// accepted it.
    pub(super) fn cost_towards(&self, maximum: usize) -> usize {
        let oversized = self.entries.front().map(Entry::size);
        let oversized = oversized.filter(|size| size + ENTRY_COST > maximum);
        let left = oversized.map_or(0, |size| size - self.head_written + ENTRY_COST);
        self.cost() - left
    }

    pub(super) fn take_message_count(&mut self) -> u32 {
        mem::take(&mut self.taken_messages)
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Returns how many hub messages are queued, including a half-written one.
    pub(super) fn messages(&self) -> usize {
        self.entries.iter().map(Entry::messages).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends a hub message that has this many bytes in the queue's format.
    #[expect(
        clippy::inline_always,
        reason = "on the way of every delivery, and called from the rare way of busy clients, too"
    )]
    #[inline(always)]
    pub(super) fn push(&mut self, message: EncodedMessage, size: usize, since: u32) {
        self.bytes += size;
        if let Some(backlog) = &mut self.backlog {
            backlog.note(&message, self.entries.len());
        }
        let content = Content::Shared(message, size);
        self.entries.push_back(Entry { since, content });
    }

    pub(super) fn push_control(&mut self, frame: &[u8], since: u32) {
        self.bytes += frame.len();
        self.own_bytes += frame.len();
        if let Some(Content::Control(frames)) = self.last_mut() {
            return frames.bytes.extend_from_slice(frame);
        }
        let bytes = frame.to_vec();
        let content = Content::Control(Box::new(ControlFrames { bytes }));
        self.entries.push_back(Entry { since, content });
    }

    fn last_mut(&mut self) -> Option<&mut Content> {
        self.entries.back_mut().map(|entry| &mut entry.content)
    }

    /// Appends a hub message to the last entry, if that is a buffer of such messages with space
    /// left.
    pub(super) fn gather(&mut self, transfer_format: TransferFormat, message: &[u8], since: u32) {
        let format = self.format;
        let size = match self.last_mut() {
            Some(Content::Gathered(gathered)) if gathered.has_room(message.len()) => {
                gathered.append(format, transfer_format, message)
            }
            _ => {
                let mut gathered = Gathered::take();
                let size = gathered.append(format, transfer_format, message);
                let content = Content::Gathered(gathered);
                self.entries.push_back(Entry { since, content });
                size
            }
        };
        self.bytes += size;
        self.own_bytes += size;
    }

    /// Fills `slices` with what is sent next, at most `limit` bytes; returns the number of slices.
    ///
    /// Some of them may be empty, but not the first one.
    pub(super) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>], limit: usize) -> usize {
        let (mut skipped, mut left, mut count) = (self.head_written, limit, 0);
        for (slice, entry) in slices.iter_mut().zip(&self.entries) {
            let bytes = entry.bytes(self.format);
            let bytes = bytes.get(mem::take(&mut skipped)..).unwrap_or_default();
            let bytes = bytes.get(..left).unwrap_or(bytes);
            *slice = IoSlice::new(bytes);
            count += 1;
            left -= bytes.len();
            if left == 0 {
                break;
            }
        }
        count
    }

    /// Removes what was written.
    pub(super) fn advance(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
        self.taken += count as u64;
        self.head_written += count;
        while let Some(head) = self.entries.front() {
            let length = head.size();
            if self.head_written < length {
                break;
            }
            self.head_written -= length;
            if head.is_own() {
                self.own_bytes -= length;
            }
            if let Some(written) = self.entries.pop_front() {
                self.note_messages(written.messages());
                self.note_removed(&written);
                written.discard();
            }
        }
        self.give_back_room();
    }

    #[inline]
    fn note_messages(&mut self, messages: usize) {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        self.taken_messages = self.taken_messages.saturating_add(messages);
    }

    /// Records that the first entry was removed.
    #[inline]
    fn note_removed(&mut self, entry: &Entry) {
        if self.backlog.is_some() {
            self.pass(entry);
        }
    }

    /// Shrinks the queue, but only if it held far more before.
    fn give_back_room(&mut self) {
        let (length, capacity) = (self.entries.len(), self.entries.capacity());
        if capacity > 4 * KEPT_ENTRIES && length < capacity / 4 {
            self.entries.shrink_to(KEPT_ENTRIES.max(2 * length));
        }
    }

    /// Returns how many entries there are, empty ones included.
    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Copies what is sent next, at most `limit` bytes, and removes it.
    ///
    /// A copy keeps no large message alive of which only the end is left.
    pub(super) fn take(&mut self, limit: usize) -> Bytes {
        let mut taken = Vec::with_capacity(limit.min(self.bytes));
        let mut skipped = self.head_written;
        for entry in &self.entries {
            let bytes = entry.bytes(self.format);
            let bytes = bytes.get(mem::take(&mut skipped)..).unwrap_or_default();
            let left = limit - taken.len();
            taken.extend_from_slice(bytes.get(..left).unwrap_or(bytes));
            if taken.len() == limit {
                break;
            }
        }
        self.advance(taken.len());
        taken.into()
    }

    /// Makes a half-written entry whole again and drops control frames, for another way out.
    pub(super) fn rewind(&mut self) {
        let written = mem::take(&mut self.head_written);
        self.bytes += written;
        let (messages, mut dropped) = match self.entries.front_mut().map(|entry| &mut entry.content)
        {
            Some(Content::Gathered(gathered)) => gathered.drop_written(written),
            _ => (0, 0),
        };
        self.note_messages(messages);
        self.entries.retain(|entry| match &entry.content {
            Content::Control(frames) => {
                dropped += frames.bytes.len();
                false
            }
            Content::Dropped => false,
            _ => true,
        });
        self.backlog = None;
        self.bytes -= dropped;
        self.own_bytes -= dropped;
    }

    pub(super) fn clear(&mut self) {
        self.entries = VecDeque::new();
        self.head_written = 0;
        self.bytes = 0;
        self.own_bytes = 0;
        self.backlog = None;
    }
}
