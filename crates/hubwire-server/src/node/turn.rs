//! How much one connection may do before others get their turn.

/// How many bytes of input a turn takes; its last read may exceed this.
const BYTES: usize = 64 * 1024;

/// How many messages a turn dispatches, including items of its streams, or how many frames it
/// takes.
const MESSAGES: usize = 256;

/// What one poll of a session may still do; without a limit, a client could send forever.
#[derive(Debug)]
pub(crate) struct Turn {
    bytes: usize,
    frames: usize,
    messages: usize,
}

impl Turn {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: BYTES,
            frames: MESSAGES,
            messages: MESSAGES,
        }
    }

    pub(crate) const fn took_bytes(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
    }

    pub(crate) const fn took_frame(&mut self) {
        self.frames = self.frames.saturating_sub(1);
    }

    pub(crate) const fn took_messages(&mut self, count: usize) {
        self.messages = self.messages.saturating_sub(count);
    }

    /// Returns whether the rest has to wait for the next turn; the session then wakes itself.
    pub(crate) const fn is_over(&self) -> bool {
        self.bytes == 0 || self.frames == 0 || self.messages == 0
    }
}
