//! The slot that a plain call holds, and gives back when it invokes a client for a result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubwire_core::{ClientResultError, InvocationScope};

use crate::connection::Connection;

/// The slot of one call. As in SignalR, a call gives it back for good when it first invokes a
/// client for a result.
pub(crate) struct CallSlot {
    connection: Arc<Connection>,
    /// False if the call has not begun or was refused, even if its context is still used.
    is_held: AtomicBool,
}

impl CallSlot {
    /// Creates the slot of a call that does not hold it yet.
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            is_held: AtomicBool::new(false),
        }
    }

    /// Marks the slot as held, until the call ends or gives it back.
    pub(crate) fn hold(&self) {
        self.is_held.store(true, Ordering::Release);
    }

    /// Takes the slot away; returns `false` if the call had none, or had already given it back.
    ///
    /// After that, users of the call's context cannot give it back any more.
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

/// The hook for new connections; client results cannot be read before it has returned.
#[derive(Default)]
pub(crate) struct Connecting {
    is_over: AtomicBool,
}

impl Connecting {
    /// Marks the hook as over: client results are read from now on, even for users of the hook's
    /// context.
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
