//! All connections of a hub on this node.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use hubwire_core::ConnectionId;

use crate::connection::Connection;

/// Finds connections by id, and visits all of them in a reproducible order.
///
/// Lookups never block. The list is dense, so visiting has no overhead.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    /// Weak, because the map frees removed entries much later, and a connection's items should not
    /// wait for that.
    by_id: papaya::HashMap<ConnectionId, Weak<Connection>>,
    all: RwLock<Vec<Arc<Connection>>>,
}

impl Connections {
    pub(crate) fn insert(&self, connection: &Arc<Connection>) {
        self.by_id
            .pin()
            .insert(connection.id().clone(), Arc::downgrade(connection));
        let mut all = self.write();
        connection.position().store(all.len(), Ordering::Relaxed);
        all.push(Arc::clone(connection));
    }

    /// Removes a connection; returns whether it was registered.
    pub(crate) fn remove(&self, connection: &Connection) -> bool {
        self.by_id.pin().remove(connection.id());
        let mut all = self.write();
        let position = connection.position().swap(usize::MAX, Ordering::Relaxed);
        if position >= all.len() {
            return false;
        }
        all.swap_remove(position);
        if let Some(moved) = all.get(position) {
            moved.position().store(position, Ordering::Relaxed);
        }
        true
    }

    pub(crate) fn get(&self, id: &ConnectionId) -> Option<Arc<Connection>> {
        self.by_id.pin().get(id)?.upgrade()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.read().len()
    }

    /// Visits every connection; the visitor must not wait.
    pub(crate) fn for_each(&self, visit: impl FnMut(&Arc<Connection>)) {
        self.read().iter().for_each(visit);
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Connection>>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<Connection>>> {
        self.all.write().unwrap_or_else(PoisonError::into_inner)
    }
}
