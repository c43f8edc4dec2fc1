//! What a call takes besides its arguments: its token, and the streams that its client sends along.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::call_slot::CallSlot;
use super::stream_reader::{self, LentStreamReader, Upload};
use crate::connection::Connection;

/// What a call takes besides its arguments.
///
/// Made once for a call, before anything is decided about it; its arguments may be bound more than once.
#[derive(Default)]
pub struct Resources {
    token: Option<CancellationToken>,
    /// In the order of the method's parameters.
    uploads: Vec<Arc<dyn Upload>>,
    /// Made for the first context, for whoever invokes a client to give back.
    slot: OnceLock<Arc<CallSlot>>,
}

impl Resources {
    pub(crate) fn token(&self) -> Option<&CancellationToken> {
        self.token.as_ref()
    }

    pub(crate) fn uploads(&self) -> &[Arc<dyn Upload>] {
        &self.uploads
    }

    pub(crate) fn slot(&self) -> Option<&Arc<CallSlot>> {
        self.slot.get()
    }

    pub(crate) fn slot_of(&self, connection: &Arc<Connection>) -> Arc<CallSlot> {
        let slot = || Arc::new(CallSlot::new(Arc::clone(connection)));
        Arc::clone(self.slot.get_or_init(slot))
    }

    /// The stream at this place among the streams, if its items are of this type.
    pub(crate) fn stream_reader<T>(&self, index: usize) -> Option<LentStreamReader<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let upload: Arc<dyn Any + Send + Sync> = Arc::clone(self.uploads.get(index)?).into_any();
        LentStreamReader::of(upload)
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("token", &self.token.is_some())
            .field("streams", &self.uploads.len())
            .finish_non_exhaustive()
    }
}

/// Makes the [`Resources`] of one call; nothing is allocated where a method takes neither.
#[derive(Debug)]
pub struct ResourcesBuilder<'a> {
    connection: &'a Arc<Connection>,
    stream_capacity: usize,
    resources: Resources,
}

impl<'a> ResourcesBuilder<'a> {
    /// `stream_capacity` items may wait in each stream.
    pub(crate) fn new(connection: &'a Arc<Connection>, stream_capacity: usize) -> Self {
        Self {
            connection,
            stream_capacity,
            resources: Resources::default(),
        }
    }

    /// The method takes a token.
    #[must_use]
    pub fn cancellation_token(mut self) -> Self {
        self.resources.token = Some(self.connection.aborted().child_token());
        self
    }

    /// The method takes one more stream of the client's, of items of this type.
    #[must_use]
    pub fn stream_reader<T>(mut self) -> Self
    where
        T: DeserializeOwned + Send + 'static,
    {
        let connection = Some(Arc::clone(self.connection));
        let upload = stream_reader::upload::<T>(connection, self.stream_capacity);
        self.resources.uploads.push(upload);
        self
    }

    /// What was asked for.
    #[must_use]
    pub fn build(self) -> Resources {
        self.resources
    }
}
