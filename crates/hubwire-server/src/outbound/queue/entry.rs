//! The entries of a queue: control frames, the session's own messages, and messages that are also
//! sent to others.

use hubwire_core::{EncodedMessage, FrameFormat, MessageKey, WhenBusy};

use super::super::gathered::Gathered;

/// What is sent together, and since when it has been queued, in seconds of the node's life.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) since: u32,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Frames of the transport's own; no other transport can use them.
    Control(Box<ControlFrames>),
    /// Hub messages of the session's own.
    Gathered(Box<Gathered>),
    /// A hub message that may also be sent to others, and its size in the queue's format.
    Shared(EncodedMessage, usize),
    /// Nothing: the message was dropped, and its place is not yet removed.
    Dropped,
}

/// Boxed, because they are rare, while a queue has many entries.
#[derive(Debug)]
pub(super) struct ControlFrames {
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    pub(super) fn bytes(&self, format: &'static FrameFormat) -> &[u8] {
        match &self.content {
            Content::Control(frames) => &frames.bytes,
            Content::Dropped => &[],
            Content::Gathered(gathered) => gathered.bytes(),
            Content::Shared(message, _) => message.framed(format),
        }
    }

    pub(super) fn size(&self) -> usize {
        match &self.content {
            Content::Control(frames) => frames.bytes.len(),
            Content::Dropped => 0,
            Content::Gathered(gathered) => gathered.bytes().len(),
            Content::Shared(_, size) => *size,
        }
    }

    pub(super) fn messages(&self) -> usize {
        match &self.content {
            Content::Control(_) | Content::Dropped => 0,
            Content::Gathered(gathered) => gathered.messages(),
            Content::Shared(..) => 1,
        }
    }

    /// Returns whether the session or the transport made it, for this client alone.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.content, Content::Control(_) | Content::Gathered(_))
    }

    pub(super) fn is_dropped(&self) -> bool {
        matches!(self.content, Content::Dropped)
    }

    /// Returns whether a newer message may drop this one.
    pub(super) fn may_be_dropped(&self) -> bool {
        matches!(&self.content, Content::Shared(message, _) if *message.when_busy() == WhenBusy::DropOldest)
    }

    /// Returns the key of a message that others with the same key replace.
    pub(super) fn key(&self) -> Option<&MessageKey> {
        match &self.content {
            Content::Shared(message, _) => message.when_busy().key(),
            _ => None,
        }
    }

    pub(super) fn key_size(&self) -> usize {
        self.key().map_or(0, |key| key.len())
    }

    /// Returns whether others hold everything in the entry.
    pub(super) fn is_shared(&self) -> bool {
        match &self.content {
            Content::Dropped => true,
            Content::Shared(message, _) => message.is_shared(),
            Content::Control(_) | Content::Gathered(_) => false,
        }
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        match &self.content {
            Content::Gathered(gathered) => gathered.capacity(),
            _ => 0,
        }
    }

    pub(super) fn trim(&mut self) {
        if let Content::Gathered(gathered) = &mut self.content {
            gathered.trim();
        }
    }

    /// Returns how many bytes dropping the entry frees, if it is a message that is sent to nobody
    /// else.
    pub(super) fn unshared_size(&self) -> usize {
        match &self.content {
            Content::Shared(message, size) if !message.is_shared() => size + message.key_size(),
            _ => 0,
        }
    }

    pub(super) fn discard(self) {
        if let Content::Gathered(gathered) = self.content {
            gathered.give_back();
        }
    }
}
