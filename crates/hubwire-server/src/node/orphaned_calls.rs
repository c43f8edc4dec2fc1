//! Calls that continue without their connections, and the choice of which to drop if there are too
//! many.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;
use hubwire_core::UserId;

/// The owner of calls, as far as peers can be told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    User(UserId),
    /// Calls of an unnamed user.
    Address(IpAddr),
    /// Calls of connections in memory.
    Unknown,
}

impl Owner {
    pub(crate) fn of(user: Option<&UserId>, address: Option<IpAddr>) -> Self {
        match (user, address) {
            (Some(user), _) => Self::User(user.clone()),
            (None, Some(address)) => Self::Address(network_of(address)),
            (None, None) => Self::Unknown,
        }
    }
}

/// Returns the network of an address: a subscriber has a whole IPv6 network of 64 bits, and so any
/// number of addresses.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address => address,
    }
}

/// The calls of a node that continue without their connections.
pub(crate) struct OrphanedCalls {
    maximum: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    count: usize,
    /// The calls of each owner, the newest last.
    by_owner: BTreeMap<Owner, BTreeMap<u64, Arc<Flag>>>,
    /// Owners, ordered by their number of calls.
    by_count: BTreeSet<(usize, Owner)>,
}

/// Whether a call must be dropped.
#[derive(Default)]
struct Flag {
    is_set: AtomicBool,
    waker: AtomicWaker,
}

impl OrphanedCalls {
    pub(crate) fn new(maximum: usize) -> Self {
        Self {
            maximum,
            state: Mutex::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().count
    }

    /// Counts a call; beyond the maximum, the newest call of the owner with the most calls is told
    /// to end.
    pub(crate) fn enter(self: &Arc<Self>, owner: Owner) -> OrphanedCall {
        let flag = Arc::<Flag>::default();
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        state.add(&owner, number, Arc::clone(&flag));
        let excess = match state.count > self.maximum {
            true => state.take_newest_of_most(),
            false => None,
        };
        drop(state);
        if let Some(excess) = excess {
            excess.is_set.store(true, Ordering::Release);
            excess.waker.wake();
        }
        OrphanedCall {
            of: Arc::clone(self),
            owner,
            number,
            flag,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, owner: &Owner, number: u64, flag: Arc<Flag>) {
        let calls = self.by_owner.entry(owner.clone()).or_default();
        let before = calls.len();
        calls.insert(number, flag);
        self.count += 1;
        self.recount(owner, before, before + 1);
    }

    fn remove(&mut self, owner: &Owner, number: u64) -> Option<Arc<Flag>> {
        let calls = self.by_owner.get_mut(owner)?;
        let flag = calls.remove(&number)?;
        let now = calls.len();
        if now == 0 {
            self.by_owner.remove(owner);
        }
        self.count -= 1;
        self.recount(owner, now + 1, now);
        Some(flag)
    }

    fn take_newest_of_most(&mut self) -> Option<Arc<Flag>> {
        let (_, owner) = self.by_count.last()?.clone();
        let (number, _) = self.by_owner.get(&owner)?.last_key_value()?;
        let number = *number;
        self.remove(&owner, number)
    }

    fn recount(&mut self, owner: &Owner, before: usize, now: usize) {
        self.by_count.remove(&(before, owner.clone()));
        if now > 0 {
            self.by_count.insert((now, owner.clone()));
        }
    }
}

impl fmt::Debug for OrphanedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrphanedCalls")
            .field("count", &self.len())
            .finish_non_exhaustive()
    }
}

/// A call among the [`OrphanedCalls`], until it is dropped.
#[derive(Debug)]
pub(crate) struct OrphanedCall {
    of: Arc<OrphanedCalls>,
    owner: Owner,
    number: u64,
    flag: Arc<Flag>,
}

impl OrphanedCall {
    /// Returns whether the call has to end; wakes the task if that is decided later.
    pub(crate) fn must_go(&self, cx: &Context<'_>) -> bool {
        self.flag.waker.register(cx.waker());
        self.flag.is_set.load(Ordering::Acquire)
    }
}

impl Drop for OrphanedCall {
    fn drop(&mut self) {
        let removed = self.of.lock().remove(&self.owner, self.number);
        drop(removed);
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.is_set.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(maximum: usize) -> Arc<OrphanedCalls> {
        Arc::new(OrphanedCalls::new(maximum))
    }

    fn user(name: &str) -> Owner {
        Owner::of(Some(&name.into()), None)
    }

    fn must_go(call: &OrphanedCall) -> bool {
        call.must_go(&Context::from_waker(std::task::Waker::noop()))
    }

    #[test]
    fn beyond_the_maximum_the_newest_of_whoever_has_most_goes() {
        let calls = calls(3);
        let ada = [calls.enter(user("ada")), calls.enter(user("ada"))];
        let bob = calls.enter(user("bob"));
        assert!(!ada.iter().any(must_go));
        let eve = calls.enter(user("eve"));
        assert_eq!(ada.each_ref().map(must_go), [false, true]);
        assert!(!must_go(&bob) && !must_go(&eve));
        assert_eq!(calls.len(), 3);
        // A call that was told to end does not count any more, and its end changes nothing.
        drop(ada);
        assert_eq!(calls.len(), 2);
        drop((bob, eve));
        assert_eq!(calls.len(), 0);
        let state = calls.lock();
        assert!(state.by_owner.is_empty() && state.by_count.is_empty());
    }

    #[test]
    fn who_has_most_already_gains_nothing() {
        let calls = calls(2);
        let old = [calls.enter(user("ada")), calls.enter(user("ada"))];
        for _ in 0..10 {
            assert!(must_go(&calls.enter(user("ada"))));
        }
        assert!(!old.iter().any(must_go));
    }

    #[test]
    fn addresses_of_one_network_are_one_owner() {
        let owner = |address: &str| Owner::of(None, address.parse().ok());
        assert_eq!(owner("2001:db8::1"), owner("2001:db8::ffff:2"));
        assert_ne!(owner("2001:db8::1"), owner("2001:db8:0:1::1"));
        assert_eq!(owner("::ffff:10.0.0.1"), owner("10.0.0.1"));
        assert_ne!(owner("10.0.0.2"), owner("10.0.0.1"));
        assert_eq!(Owner::of(None, None), Owner::Unknown);
    }
}
