//! Named sets of connections: the members of groups, and the connections of users.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hubwire_core::ConnectionId;
use indexmap::IndexMap;

use crate::connection::Connection;

/// A power of two, so the shard of a name is a few bits of its hash.
const SHARDS: usize = 64;

type Members = IndexMap<ConnectionId, Arc<Connection>>;
type Shard<K> = HashMap<K, Arc<RwLock<Members>>>;

/// Named sets of connections; a set exists while it has members.
///
/// While the members of a set are visited, only that set's own lock is held, so a large set delays
/// few others: only a join or a leave of that set blocks the other names of its shard.
#[derive(Debug)]
pub(crate) struct Memberships<K> {
    shards: Box<[Mutex<Shard<K>>]>,
    hasher: RandomState,
}

impl<K> Default for Memberships<K> {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Memberships<K> {
    /// Adds a connection to a set; calls `first` for the first member, while nobody else can
    /// change the set.
    pub(crate) fn add(&self, key: &K, connection: &Arc<Connection>, first: impl FnOnce()) {
        let mut shard = self.shard(key);
        let is_first = !shard.contains_key(key);
        let set = shard.entry(key.clone()).or_default();
        write(set).insert(connection.id().clone(), Arc::clone(connection));
        if is_first {
            first();
        }
    }

    /// Removes a connection from a set; calls `last` for the last member, while nobody else can
    /// change the set.
    pub(crate) fn remove(&self, key: &K, connection: &Connection, last: impl FnOnce()) {
        let mut shard = self.shard(key);
        let Some(set) = shard.get(key) else {
            return;
        };
        let mut members = write(set);
        members.swap_remove(connection.id());
        let is_last = members.is_empty();
        drop(members);
        if is_last {
            shard.remove(key);
            last();
        }
    }

    /// Visits the members of a set; the visitor must not wait.
    pub(crate) fn for_each(&self, key: &K, visit: impl FnMut(&Arc<Connection>)) {
        if let Some(set) = self.find(key) {
            read(&set).values().for_each(visit);
        }
    }

    /// Returns the number of sets.
    pub(crate) fn len(&self) -> usize {
        let sets = |shard| lock::<Shard<K>>(shard).len();
        self.shards.iter().map(sets).sum()
    }

    fn find(&self, key: &K) -> Option<Arc<RwLock<Members>>> {
        self.shard(key).get(key).cloned()
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K>> {
        let hash = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or_default();
        lock(&self.shards[hash % SHARDS])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(set: &RwLock<Members>) -> RwLockReadGuard<'_, Members> {
    set.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(set: &RwLock<Members>) -> RwLockWriteGuard<'_, Members> {
    set.write().unwrap_or_else(PoisonError::into_inner)
}
