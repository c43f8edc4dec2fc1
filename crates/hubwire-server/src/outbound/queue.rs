//! Hub messages and control frames in the order in which they go out, told apart and counted.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;

use bytes::Bytes;
use hubwire_core::{EncodedMessage, FrameFormat};
use hubwire_protocol::TransferFormat;

use super::gathered::Gathered;

/// At rest a queue keeps room for this many entries.
const KEPT_ENTRIES: usize = 4;

/// What an entry costs besides its bytes, where what waits is held against a bound.
pub(super) const ENTRY_COST: usize = 64;

/// What waits for a way out, in the format of the transport that opened the connection.
#[derive(Debug)]
pub(super) struct Queue {
    format: &'static FrameFormat,
    entries: VecDeque<Entry>,
    /// How much of the first entry is written.
    head_written: usize,
    bytes: usize,
    /// How many of them are the session's own, an entry that is half written counted whole.
    own_bytes: usize,
    /// How many bytes were ever taken out, for whoever measures progress.
    taken: u64,
}

#[derive(Debug)]
enum Entry {
    /// Frames of the transport's own, which no other transport has a use for.
    Control(Vec<u8>),
    /// Hub messages of the session's own.
    Gathered(Box<Gathered>),
    /// A hub message that others may be sent, too, and its size in the queue's format.
    Shared(EncodedMessage, usize),
}

impl Entry {
    fn bytes(&self, format: &'static FrameFormat) -> &[u8] {
        match self {
            Self::Control(frame) => frame,
            Self::Gathered(gathered) => gathered.bytes(),
            Self::Shared(message, _) => message.framed(format),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Control(frame) => frame.len(),
            Self::Gathered(gathered) => gathered.bytes().len(),
            Self::Shared(_, size) => *size,
        }
    }

    fn messages(&self) -> usize {
        match self {
            Self::Control(_) => 0,
            Self::Gathered(gathered) => gathered.messages(),
            Self::Shared(..) => 1,
        }
    }

    fn own_size(&self) -> usize {
        match self {
            Self::Gathered(gathered) => gathered.bytes().len(),
            _ => 0,
        }
    }

    fn into_bytes(self, format: &'static FrameFormat) -> Bytes {
        match self {
            Self::Control(frame) => frame.into(),
            Self::Gathered(gathered) => gathered.into_bytes().into(),
            Self::Shared(message, _) => message.into_frame(format),
        }
    }

    fn discard(self) {
        if let Self::Gathered(gathered) = self {
            gathered.give_back();
        }
    }
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
        }
    }

    /// How many bytes wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes of the session's own messages wait.
    pub(super) fn own_bytes(&self) -> usize {
        self.own_bytes
    }

    /// What the queue holds, as bounds count it.
    pub(super) fn cost(&self) -> usize {
        self.bytes + self.entries.len() * ENTRY_COST
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// How many hub messages wait, one that is half written among them.
    pub(super) fn messages(&self) -> usize {
        self.entries.iter().map(Entry::messages).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends a hub message that has this many bytes in the queue's format.
    pub(super) fn push(&mut self, message: EncodedMessage, size: usize) {
        self.bytes += size;
        self.entries.push_back(Entry::Shared(message, size));
    }

    pub(super) fn push_control(&mut self, frame: &[u8]) {
        self.bytes += frame.len();
        match self.entries.back_mut() {
            Some(Entry::Control(frames)) => frames.extend_from_slice(frame),
            _ => self.entries.push_back(Entry::Control(frame.to_vec())),
        }
    }

    /// Appends a hub message to the last entry if that is a buffer of such messages with room.
    pub(super) fn gather(&mut self, transfer_format: TransferFormat, message: &[u8]) {
        let format = self.format;
        let size = match self.entries.back_mut() {
            Some(Entry::Gathered(gathered)) if gathered.has_room(message.len()) => {
                gathered.append(format, transfer_format, message)
            }
            _ => {
                let mut gathered = Gathered::take();
                let size = gathered.append(format, transfer_format, message);
                self.entries.push_back(Entry::Gathered(gathered));
                size
            }
        };
        self.bytes += size;
        self.own_bytes += size;
    }

    /// Fills `slices` with what goes out next, at most `limit` bytes; how many slices there are.
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

    /// Forgets what was written.
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
            self.own_bytes -= head.own_size();
            if let Some(written) = self.entries.pop_front() {
                written.discard();
            }
        }
        if self.entries.capacity() > 4 * KEPT_ENTRIES {
            self.entries.shrink_to(KEPT_ENTRIES);
        }
    }

    /// Takes whole entries, the first whatever its size and more while `limit` bytes suffice.
    ///
    /// An entry is a message that others are sent too, or up to 16 KiB of the session's own. Nothing may be
    /// half written: what pulls takes over by [`Queue::rewind`].
    pub(super) fn take_whole(&mut self, limit: usize) -> Vec<Bytes> {
        let (mut parts, mut taken) = (Vec::new(), 0);
        while let Some(entry) = self.entries.front() {
            let size = entry.size();
            if taken > 0 && taken + size > limit {
                break;
            }
            taken += size;
            self.bytes -= size;
            self.own_bytes -= entry.own_size();
            self.taken += size as u64;
            parts.extend(
                self.entries
                    .pop_front()
                    .map(|it| it.into_bytes(self.format)),
            );
        }
        parts
    }

    /// Makes what was half written whole again and drops control frames, for another way out.
    pub(super) fn rewind(&mut self) {
        let written = mem::take(&mut self.head_written);
        self.bytes += written;
        if let Some(Entry::Gathered(gathered)) = self.entries.front_mut() {
            let dropped = gathered.drop_written(written);
            self.bytes -= dropped;
            self.own_bytes -= dropped;
        }
        let mut dropped = 0;
        self.entries.retain(|entry| match entry {
            Entry::Control(frame) => {
                dropped += frame.len();
                false
            }
            _ => true,
        });
        self.bytes -= dropped;
    }

    pub(super) fn clear(&mut self) {
        self.entries = VecDeque::new();
        self.head_written = 0;
        self.bytes = 0;
        self.own_bytes = 0;
    }
}

#[cfg(test)]
mod tests;
