//! The number of bytes that a node holds for its clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of bytes of messages that a node holds. A message with many receivers counts once.
#[derive(Debug, Default)]
pub struct HeldBytes(AtomicUsize);

impl HeldBytes {
    /// Returns the number of bytes held at the moment.
    #[inline]
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds bytes that are held from now on.
    #[inline]
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Subtracts bytes that were added before and are no longer held.
    #[inline]
    pub fn sub(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Counts bytes as held until it is dropped.
#[derive(Debug)]
pub(crate) struct Holding {
    held: Arc<HeldBytes>,
    bytes: usize,
}

impl Holding {
    pub(crate) fn new(held: &Arc<HeldBytes>, bytes: usize) -> Self {
        held.add(bytes);
        Self {
            held: Arc::clone(held),
            bytes,
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.held.sub(self.bytes);
    }
}
