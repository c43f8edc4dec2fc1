//! Tokens that are forgotten at a set time, unless they are taken out before that.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::connection_table::ConnectionToken;
use super::slot::Slot;

/// Tokens and when they expire, up to a number of them.
#[derive(Debug)]
pub(super) struct ExpiringTokens {
    maximum: usize,
    /// By the numbers of their slots.
    tokens: Mutex<BTreeMap<usize, Expiring>>,
}

#[derive(Debug)]
struct Expiring {
    at: u64,
    token: ConnectionToken,
}

/// There are as many tokens as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl ExpiringTokens {
    pub(super) fn new(maximum: usize) -> Self {
        Self {
            maximum,
            tokens: Mutex::default(),
        }
    }

    /// Adds the token of a slot, which expires at this time.
    ///
    /// # Errors
    ///
    /// Returns an error if there are too many already.
    pub(super) fn insert(
        &self,
        slot: &Slot,
        token: &ConnectionToken,
        at: u64,
    ) -> Result<(), TooMany> {
        let mut tokens = self.lock();
        if tokens.len() >= self.maximum {
            return Err(TooMany);
        }
        let token = token.clone();
        tokens.insert(slot.number(), Expiring { at, token });
        Ok(())
    }

    /// Takes out the token of a slot, if it is there.
    pub(super) fn remove(&self, slot: &Slot) {
        self.lock().remove(&slot.number());
    }

    /// Takes out what has expired, in the order in which the slots were created.
    pub(super) fn take_expired(&self, now: u64) -> Vec<ConnectionToken> {
        let mut tokens = self.lock();
        let expired = tokens.extract_if(.., |_, expiring| expiring.at <= now);
        expired.map(|(_, expiring)| expiring.token).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Expiring>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
