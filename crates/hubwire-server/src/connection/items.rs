//! What hub code keeps with a connection.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Extensions;

/// Values that live as long as a connection, one for each type.
///
/// SignalR's `Context.Items`. Nothing is allocated before the first value.
#[derive(Default)]
pub struct Items {
    values: Mutex<Extensions>,
}

impl Items {
    /// Keeps a value; returns the one of this type that it replaces.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.lock().insert(value)
    }

    /// A copy of the value of this type.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lock().get::<T>().cloned()
    }

    /// Takes the value of this type away.
    pub fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lock().remove()
    }

    /// A panic in a value's clone leaves the map itself whole.
    fn lock(&self) -> MutexGuard<'_, Extensions> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("count", &self.lock().len())
            .finish()
    }
}
