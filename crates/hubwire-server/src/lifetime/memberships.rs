//! Which connections belong to which names: the members of groups, the connections of users.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hubwire_core::ConnectionId;
use indexmap::IndexMap;

use crate::connection::Connection;

/// Power of two, so that a name's shard is a few bits of its hash.
const SHARDS: usize = 64;

type Members = IndexMap<ConnectionId, Arc<Connection>>;
type Shard<K> = HashMap<K, Arc<RwLock<Members>>>;

/// Named sets of connections; a set exists while it has members.
///
/// A name's own lock is held while its members are visited, so that a large set delays no other.
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
    /// Whether the connection is the first of the set.
    pub(crate) fn add(&self, key: &K, connection: &Arc<Connection>) -> bool {
        let mut shard = self.shard(key);
        let set = shard.entry(key.clone()).or_default();
        let mut members = write(set);
        members.insert(connection.id().clone(), Arc::clone(connection));
        members.len() == 1
    }

    /// Whether the connection was the last of the set.
    pub(crate) fn remove(&self, key: &K, connection: &Connection) -> bool {
        let mut shard = self.shard(key);
        let Some(set) = shard.get(key) else {
            return false;
        };
        let mut members = write(set);
        let removed = members.swap_remove(connection.id()).is_some();
        let last = removed && members.is_empty();
        drop(members);
        if last {
            shard.remove(key);
        }
        last
    }

    /// Visits the members of a set; the visitor must not wait.
    pub(crate) fn for_each(&self, key: &K, visit: impl FnMut(&Arc<Connection>)) {
        if let Some(set) = self.find(key) {
            read(&set).values().for_each(visit);
        }
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.find(key).is_some()
    }

    /// How many sets there are.
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
