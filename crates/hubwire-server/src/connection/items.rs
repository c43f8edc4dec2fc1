//! Values that hub code stores with a connection.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use crate::node::Guarded;

/// Values that live as long as a connection, at most one of each type.
///
/// This is SignalR's `Context.Items`. When the connection has ended, after its last hook, the
/// values are dropped and no more are accepted; methods that still run find none. Nothing is
/// allocated before the first value.
///
/// `get` clones the value. To change a value, put it in an `Arc` with a lock, or insert it again.
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
    /// Stores a value and returns the value of this type that it replaces.
    ///
    /// After the connection's end, the value is dropped instead.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        let value = Guarded::new(Arc::new(value) as Value);
        let mut state = self.lock();
        let State::Open(values) = &mut *state else {
            // Unlock first, because the drop runs hub code.
            drop(state);
            return None;
        };
        let replaced = values
            .get_or_insert_default()
            .insert(TypeId::of::<T>(), value);
        drop(state);
        of_type(replaced?)
    }

    /// Returns a clone of the value of this type.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let mut state = self.lock();
        let value = state.values()?.get_mut(&TypeId::of::<T>())?;
        let value = Arc::clone(value.get_mut()?);
        drop(state);
        // Cloning runs hub code, so nothing may be locked.
        value.downcast_ref::<T>().cloned()
    }

    /// Removes and returns the value of this type.
    pub fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let mut state = self.lock();
        let removed = state.values()?.swap_remove(&TypeId::of::<T>());
        drop(state);
        of_type(removed?)
    }

    /// Drops the values, each guarded separately, and accepts no more.
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
