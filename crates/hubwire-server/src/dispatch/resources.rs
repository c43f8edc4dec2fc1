//! What a call takes besides its arguments: made when its parameters are bound, kept until its end.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::CallSlot;
use crate::connection::Connection;
use crate::hub::{StreamReader, Upload, stream_reader};

/// Collects what binding makes; nothing is allocated for a call that takes only arguments.
pub(crate) struct CallResources<'a> {
    connection: &'a Arc<Connection>,
    stream_capacity: usize,
    slot: OnceCell<Arc<CallSlot>>,
    token: OnceCell<CancellationToken>,
    uploads: RefCell<Vec<Arc<dyn Upload>>>,
}

/// What the dispatcher keeps of them.
#[derive(Default)]
pub(crate) struct TakenResources {
    pub(crate) slot: Option<Arc<CallSlot>>,
    pub(crate) token: Option<CancellationToken>,
    /// In the order of the method's parameters.
    pub(crate) uploads: Vec<Arc<dyn Upload>>,
}

impl<'a> CallResources<'a> {
    pub(crate) fn new(connection: &'a Arc<Connection>, stream_capacity: usize) -> Self {
        Self {
            connection,
            stream_capacity,
            slot: OnceCell::new(),
            token: OnceCell::new(),
            uploads: RefCell::default(),
        }
    }

    /// The call's slot, for whoever asks a client to give back.
    pub(crate) fn slot(&self) -> Arc<CallSlot> {
        let slot = || Arc::new(CallSlot::new(Arc::clone(self.connection)));
        Arc::clone(self.slot.get_or_init(slot))
    }

    /// Fires when the caller cancels the call or its connection ends.
    pub(crate) fn token(&self) -> CancellationToken {
        let token = || self.connection.aborted().child_token();
        self.token.get_or_init(token).clone()
    }

    pub(crate) fn stream_reader<T>(&self) -> StreamReader<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let connection = Arc::clone(self.connection);
        let (upload, reader) = stream_reader::stream(Some(connection), self.stream_capacity);
        self.uploads.borrow_mut().push(upload);
        reader
    }

    pub(crate) fn take(self) -> TakenResources {
        TakenResources {
            slot: self.slot.into_inner(),
            token: self.token.into_inner(),
            uploads: self.uploads.into_inner(),
        }
    }
}

impl std::fmt::Debug for CallResources<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallResources")
    }
}
