//! The items of a stream that a test reads one by one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use hubwire_protocol::{EncodeError, HubProtocol, Naming, RawItem};
use serde::Serialize;

/// A queue for one item, which keeps the stream at most one item ahead of its reader.
#[derive(Debug)]
pub(crate) struct KeptItems {
    naming: Naming,
    item: Mutex<Option<RawItem<'static>>>,
    wants_room: AtomicWaker,
    wants_item: AtomicWaker,
}

impl KeptItems {
    pub(crate) fn new(naming: Naming) -> Self {
        Self {
            naming,
            item: Mutex::new(None),
            wants_room: AtomicWaker::new(),
            wants_item: AtomicWaker::new(),
        }
    }

    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.wants_room.register(cx.waker());
        match self.lock().is_none() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    pub(super) fn put<T: Serialize + ?Sized>(&self, item: &T) -> Result<(), EncodeError> {
        let item = RawItem::encode(HubProtocol::Json, self.naming, item)?;
        *self.lock() = Some(item);
        self.wants_item.wake();
        Ok(())
    }

    pub(crate) fn poll_item(&self, cx: &mut Context<'_>) -> Poll<RawItem<'static>> {
        self.wants_item.register(cx.waker());
        match self.take() {
            Some(item) => Poll::Ready(item),
            None => Poll::Pending,
        }
    }

    pub(crate) fn take(&self) -> Option<RawItem<'static>> {
        let item = self.lock().take()?;
        self.wants_room.wake();
        Some(item)
    }

    fn lock(&self) -> MutexGuard<'_, Option<RawItem<'static>>> {
        self.item.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
