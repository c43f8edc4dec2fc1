//! The causes of failed methods, kept for tests that ask for them.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Mutex, OnceLock, PoisonError};

use hubwire_core::ConnectionId;

use super::HubError;
use crate::node::Guarded;

/// The maximum number of causes that are kept; the oldest are dropped.
const MAXIMUM_CAUSES: usize = 64;

type Cause = Box<dyn Error + Send + Sync>;

/// The causes of hidden errors, kept from the first request for them.
#[derive(Debug, Default)]
pub(super) struct KeptCauses(OnceLock<Mutex<VecDeque<KeptCause>>>);

#[derive(Debug)]
struct KeptCause {
    connection: ConnectionId,
    invocation_id: Box<str>,
    cause: Guarded<Cause>,
}

impl KeptCauses {
    /// Starts keeping causes.
    pub(super) fn begin(&self) {
        self.0.get_or_init(Mutex::default);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.get().is_some()
    }

    /// Keeps the hidden cause of an error. The cause of a call without an id is dropped, because
    /// nobody can ask for it.
    pub(super) fn keep(
        &self,
        connection: &ConnectionId,
        invocation_id: Option<&str>,
        error: HubError,
    ) {
        let (Some(causes), Some(invocation_id)) = (self.0.get(), invocation_id) else {
            return;
        };
        let Some(cause) = error.into_cause() else {
            return;
        };
        let kept = KeptCause {
            connection: connection.clone(),
            invocation_id: invocation_id.into(),
            cause: Guarded::new(cause),
        };
        let mut causes = causes.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = match causes.len() == MAXIMUM_CAUSES {
            true => causes.pop_front(),
            false => None,
        };
        causes.push_back(kept);
        drop(causes);
        // Dropped after the lock is released, because the cause may own any value.
        drop(forgotten);
    }

    /// Removes and returns the cause of this call, or of the newest if a client has reused the id.
    pub(super) fn take(&self, connection: &ConnectionId, invocation_id: &str) -> Option<Cause> {
        let causes = self.0.get()?;
        let mut causes = causes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_call = |kept: &KeptCause| {
            kept.connection == *connection && *kept.invocation_id == *invocation_id
        };
        let position = causes.iter().rposition(is_of_call)?;
        causes.remove(position)?.cause.into_inner()
    }
}
