//! What hub code keeps with a connection.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use crate::node::Guarded;

/// Values that live as long as a connection, one for each type.
///
/// SignalR's `Context.Items`. When the connection has ended, after its last hook, they are dropped, and nothing
/// more is taken: methods that still run find none. Nothing is allocated before the first value.
///
/// A value is cloned out, so what changes goes behind an `Arc` and a lock of its own, or is inserted again.
///
/// ```
/// use hubwire::{HubCallerContext, hub};
///
/// /// How this connection wants to be called.
/// #[derive(Clone)]
/// struct Nickname(String);
///
/// struct ChatHub;
///
/// #[hub]
/// impl ChatHub {
///     pub async fn call_me(&self, cx: &HubCallerContext<Self>, name: String) {
///         cx.items().insert(Nickname(name));
///     }
///
///     pub async fn who_am_i(&self, cx: &HubCallerContext<Self>) -> Option<String> {
///         cx.items().get().map(|Nickname(name)| name)
///     }
/// }
/// ```
#[derive(Default)]
pub struct Items {
    state: Mutex<State>,
}

type Value = Arc<dyn Any + Send + Sync>;
type Values = IndexMap<TypeId, Guarded<Value>>;

enum State {
    Closed,
    Open(Option<Box<Values>>),
}

impl Default for State {
    fn default() -> Self {
        Self::Open(None)
    }
}

impl Items {
    /// Keeps a value; returns the one of this type that it replaces.
    ///
    /// After the connection's end the value is dropped.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        let value = Guarded::new(Arc::new(value) as Value);
        let mut state = self.lock();
        let State::Open(values) = &mut *state else {
            // Behind the lock, for the drop is hub code.
            drop(state);
            return None;
        };
        let replaced = values
            .get_or_insert_default()
            .insert(TypeId::of::<T>(), value);
        drop(state);
        of_type(replaced?)
    }

    /// A copy of the value of this type.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let mut state = self.lock();
        let value = state.values()?.get_mut(&TypeId::of::<T>())?;
        let value = Arc::clone(value.get_mut()?);
        drop(state);
        // The copying is hub code, and so nothing is locked.
        value.downcast_ref::<T>().cloned()
    }

    /// Takes the value of this type away.
    pub fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let mut state = self.lock();
        let removed = state.values()?.swap_remove(&TypeId::of::<T>());
        drop(state);
        of_type(removed?)
    }

    /// Drops the values, each guarded by itself, and takes nothing more.
    pub(crate) fn close(&self) {
        let state = std::mem::replace(&mut *self.lock(), State::Closed);
        drop(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn values(&mut self) -> Option<&mut Values> {
        match self {
            Self::Open(values) => values.as_deref_mut(),
            Self::Closed => None,
        }
    }
}

fn of_type<T: Clone + Send + Sync + 'static>(value: Guarded<Value>) -> Option<T> {
    let value = value.into_inner()?.downcast::<T>().ok()?;
    Some(Arc::unwrap_or_clone(value))
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.lock().values().map_or(0, |values| values.len());
        f.debug_struct("Items").field("count", &count).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_for_each_type() {
        let items = Items::default();
        assert_eq!(items.insert(1_u8), None);
        assert_eq!(items.insert("one".to_owned()), None);
        assert_eq!(items.insert(2_u8), Some(1));
        assert_eq!(items.get(), Some("one".to_owned()));
        assert_eq!(items.remove(), Some(2_u8));
        assert_eq!(items.get::<u8>(), None);
        assert_eq!(format!("{items:?}"), "Items { count: 1 }");
    }

    #[test]
    fn nothing_is_taken_after_the_end() {
        let (items, value) = (Items::default(), Arc::new(()));
        items.insert(Arc::clone(&value));
        items.close();
        assert_eq!(Arc::strong_count(&value), 1);
        assert_eq!(items.insert(Arc::clone(&value)), None);
        assert_eq!(Arc::strong_count(&value), 1);
        assert_eq!(items.get::<Arc<()>>(), None);
    }
}
