//! The slot that a plain call holds, which it gives back when it invokes a client for a result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubwire_core::{ClientResultError, InvocationScope};

use crate::connection::Connection;

/// One call's slot; SignalR gives it back for good when the call first invokes a client for a result.
pub(crate) struct CallSlot {
    connection: Arc<Connection>,
    is_released: AtomicBool,
}

impl CallSlot {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            is_released: AtomicBool::new(false),
        }
    }

    /// The call runs without a slot, so there is none to give back.
    pub(crate) fn is_not_needed(&self) {
        self.is_released.store(true, Ordering::Release);
    }

    /// Whether the call has given its slot back before its end.
    pub(crate) fn is_released(&self) -> bool {
        self.is_released.load(Ordering::Acquire)
    }
}

impl InvocationScope for CallSlot {
    fn before_client_result(&self) -> Result<(), ClientResultError> {
        if !self.is_released.swap(true, Ordering::AcqRel) {
            self.connection.release_slot();
        }
        Ok(())
    }
}

/// The hook for new connections: a client result could only be read after it.
pub(crate) struct Connecting;

impl InvocationScope for Connecting {
    fn before_client_result(&self) -> Result<(), ClientResultError> {
        Err(ClientResultError::InOnConnected)
    }
}
