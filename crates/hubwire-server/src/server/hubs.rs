//! The hubs of a server, by name and by type, and its connection handlers.

use std::any::TypeId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hubwire_core::HubName;

use crate::hub::{Hub, HubRuntime};
use crate::lifetime::DefaultHubLifetimeManager;

/// Hubs in the order in which they were built; endpoints, contexts and handles keep them alive.
#[derive(Debug, Default)]
pub(crate) struct Hubs {
    hubs: Mutex<Vec<BuiltHub>>,
    /// What the connections of each connection handler share.
    handlers: Mutex<Vec<Weak<HubRuntime>>>,
}

#[derive(Debug)]
struct BuiltHub {
    name: HubName,
    hub_type: TypeId,
    runtime: Weak<HubRuntime>,
    /// Held by contexts, which may outlive the runtime.
    lifetime: Weak<DefaultHubLifetimeManager>,
}

impl Hubs {
    /// Adds a hub.
    ///
    /// # Panics
    ///
    /// Panics if another hub has the same name.
    #[track_caller]
    pub(super) fn add<H: Hub>(&self, runtime: &Arc<HubRuntime>) {
        let name = runtime.name();
        let added = self.try_add(BuiltHub {
            name: name.clone(),
            hub_type: TypeId::of::<H>(),
            runtime: Arc::downgrade(runtime),
            lifetime: Arc::downgrade(runtime.lifetime()),
        });
        assert!(
            added,
            "There are two hubs called `{name}`: if they are meant to be one, build it once and take its \
             `endpoint()` and `context()`, or `signalr.context::<..>()`; else give one of them another name \
             with `.name(..)`"
        );
    }

    fn try_add(&self, hub: BuiltHub) -> bool {
        let mut hubs = self.lock();
        hubs.retain(|hub| hub.lifetime.strong_count() > 0);
        let is_free = hubs.iter().all(|other| other.name != hub.name);
        if is_free {
            hubs.push(hub);
        }
        is_free
    }

    /// Adds what the connections of a connection handler share.
    pub(super) fn add_handler(&self, runtime: &Arc<HubRuntime>) {
        let mut handlers = self.lock_handlers();
        handlers.retain(|handler| handler.strong_count() > 0);
        handlers.push(Arc::downgrade(runtime));
    }

    /// Returns all hubs, and connection handlers as hubs without methods.
    pub(super) fn all(&self) -> Vec<Arc<HubRuntime>> {
        let mut all = self.those(|_| true);
        all.extend(self.lock_handlers().iter().filter_map(Weak::upgrade));
        all
    }

    pub(super) fn of_type<H: Hub>(&self) -> Vec<Arc<HubRuntime>> {
        self.those(|hub| hub.hub_type == TypeId::of::<H>())
    }

    pub(super) fn find(&self, name: &HubName) -> Option<Arc<HubRuntime>> {
        self.those(|hub| hub.name == *name).pop()
    }

    fn those(&self, wanted: impl Fn(&BuiltHub) -> bool) -> Vec<Arc<HubRuntime>> {
        let hubs = self.lock();
        let wanted = hubs.iter().filter(|hub| wanted(hub));
        wanted.filter_map(|hub| hub.runtime.upgrade()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<BuiltHub>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_handlers(&self) -> MutexGuard<'_, Vec<Weak<HubRuntime>>> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
