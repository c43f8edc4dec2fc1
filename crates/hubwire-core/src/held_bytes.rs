//! How many bytes a node holds for its clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes of messages a node holds, each that many receivers share counted once.
#[derive(Debug, Default)]
pub struct HeldBytes(AtomicUsize);

impl HeldBytes {
    /// How many bytes are held at the moment.
    #[inline]
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts bytes that are held from now on.
    #[inline]
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Forgets bytes that were counted before and are no longer held.
    #[inline]
    pub fn sub(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Bytes that are counted for as long as this lives.
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
