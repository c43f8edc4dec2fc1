//! The hubs of a server, by name.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hubwire_core::HubName;

use crate::hub::HubRuntime;

/// Hubs in the order in which they were built; whoever serves them keeps them alive.
#[derive(Debug, Default)]
pub(crate) struct Hubs(Mutex<Vec<Weak<HubRuntime>>>);

impl Hubs {
    pub(super) fn add(&self, hub: &Arc<HubRuntime>) {
        self.lock().push(Arc::downgrade(hub));
    }

    pub(super) fn all(&self) -> Vec<Arc<HubRuntime>> {
        self.lock().iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn find(&self, name: &HubName) -> Option<Arc<HubRuntime>> {
        self.all().into_iter().find(|hub| hub.name() == name)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<HubRuntime>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
