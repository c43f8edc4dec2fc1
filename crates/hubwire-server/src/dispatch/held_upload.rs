//! A stream that belongs to a call about which a policy has yet to decide.

use std::any::Any;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubwire_protocol::RawItem;

use crate::hub::{HubError, ItemFault, Upload};
use crate::node::ErrorDetail;

/// A stream that a client sends to a call about which a policy has yet to decide.
///
/// Items are kept as they arrived: decoding them is a part of the method.
pub(super) struct HeldUpload {
    capacity: usize,
    state: Mutex<State>,
}

enum State {
    Open(HeldItems),
    /// The policy has decided.
    Closed,
}

/// What a client has sent meanwhile.
#[derive(Default)]
pub(super) struct HeldItems {
    items: Vec<RawItem<'static>>,
    /// `None` if the client has not ended the stream.
    end: Option<Option<HubError>>,
}

impl HeldUpload {
    /// Creates a stream in which `capacity` items may wait.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::new(State::Open(HeldItems::default())),
        }
    }

    /// Takes out what the client has sent; whatever comes later is dropped.
    pub(super) fn close(&self) -> HeldItems {
        match mem::replace(&mut *self.lock(), State::Closed) {
            State::Open(held) => held,
            State::Closed => HeldItems::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldItems {
    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Passes everything on to the stream that the method reads. Returns what was wrong with the
    /// item that ended it.
    pub(super) fn pass_on(self, upload: &dyn Upload, detail: ErrorDetail) -> Result<(), ItemFault> {
        let mut items = self.items.iter();
        items.try_for_each(|item| upload.push(item, detail))?;
        if let Some(error) = self.end {
            upload.end(error);
        }
        Ok(())
    }
}

impl Upload for HeldUpload {
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn is_full(&self) -> bool {
        match &*self.lock() {
            State::Open(held) => !held.has_ended() && held.items.len() >= self.capacity,
            State::Closed => false,
        }
    }

    fn is_open(&self) -> bool {
        matches!(&*self.lock(), State::Open(held) if !held.has_ended())
    }

    fn push(&self, item: &RawItem<'_>, _: ErrorDetail) -> Result<(), ItemFault> {
        if let State::Open(held) = &mut *self.lock()
            && !held.has_ended()
        {
            held.items.push(item.clone().into_owned());
        }
        Ok(())
    }

    fn end(&self, error: Option<HubError>) {
        if let State::Open(held) = &mut *self.lock() {
            held.end.get_or_insert(error);
        }
    }
}
