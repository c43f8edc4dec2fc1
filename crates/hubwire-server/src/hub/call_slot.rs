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

    /// Takes the slot away, for the call has none or has ended; false where it was given back before.
    ///
    /// Whoever still holds the call's context gives nothing back from now on.
    pub(crate) fn take(&self) -> bool {
        !self.is_released.swap(true, Ordering::AcqRel)
    }
}

impl InvocationScope for CallSlot {
    fn before_client_result(&self) -> Result<(), ClientResultError> {
        if self.take() {
            self.connection.release_slot();
        }
        Ok(())
    }
}

/// The hook for new connections: a client result could only be read after it.
#[derive(Default)]
pub(crate) struct Connecting {
    is_over: AtomicBool,
}

impl Connecting {
    /// From now on results are read, whoever kept the hook's context.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }
}

impl InvocationScope for Connecting {
    fn before_client_result(&self) -> Result<(), ClientResultError> {
        match self.is_over.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err(ClientResultError::InOnConnected),
        }
    }
}
