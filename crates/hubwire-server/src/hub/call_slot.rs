//! The slot that a plain call holds, which it gives back when it invokes a client for a result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubwire_core::{ClientResultError, InvocationScope};

use crate::connection::Connection;

/// One call's slot; SignalR gives it back for good when the call first invokes a client for a result.
pub(crate) struct CallSlot {
    connection: Arc<Connection>,
    /// A call that has not begun or was refused has none, whoever keeps its context.
    is_held: AtomicBool,
}

impl CallSlot {
    /// The slot of a call that does not have it yet.
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            is_held: AtomicBool::new(false),
        }
    }

    /// The call begins, and has its slot until it ends or gives it back.
    pub(crate) fn hold(&self) {
        self.is_held.store(true, Ordering::Release);
    }

    /// Takes the slot away; false where the call had none, or had given it back before.
    ///
    /// Whoever still holds the call's context gives nothing back from now on.
    pub(crate) fn take(&self) -> bool {
        self.is_held.swap(false, Ordering::AcqRel)
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
