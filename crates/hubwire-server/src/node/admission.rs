//! Limits on the number of connections, in total and per address.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::orphaned_calls::network_of;

/// Admits connections up to the limits.
#[derive(Debug)]
pub(crate) struct Admission {
    maximum: Option<usize>,
    maximum_per_address: Option<usize>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Contains only addresses that have connections.
    by_address: HashMap<IpAddr, usize>,
}

/// The limit that refused a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Address,
    All,
}

impl Admission {
    pub(crate) fn new(maximum: Option<usize>, maximum_per_address: Option<usize>) -> Self {
        Self {
            maximum,
            maximum_per_address,
            counts: Mutex::default(),
        }
    }

    /// Counts a connection until its permit is dropped; returns no permit if there are no limits.
    pub(crate) fn admit(
        self: &Arc<Self>,
        address: Option<IpAddr>,
    ) -> Result<Option<ConnectionPermit>, Refusal> {
        if self.maximum.is_none() && self.maximum_per_address.is_none() {
            return Ok(None);
        }
        let address = address
            .filter(|_| self.maximum_per_address.is_some())
            .map(network_of);
        let mut counts = self.lock();
        if self.maximum.is_some_and(|maximum| counts.all >= maximum) {
            return Err(Refusal::All);
        }
        if let (Some(address), Some(maximum)) = (address, self.maximum_per_address) {
            // A refused connection leaves no entry behind.
            if counts.by_address.get(&address).copied().unwrap_or_default() >= maximum {
                return Err(Refusal::Address);
            }
            *counts.by_address.entry(address).or_default() += 1;
        }
        counts.all += 1;
        drop(counts);
        let admitted = Admitted {
            by: Arc::clone(self),
            address,
        };
        Ok(Some(ConnectionPermit(Box::new(admitted))))
    }

    fn leave(&self, address: Option<IpAddr>) {
        let mut counts = self.lock();
        counts.all -= 1;
        if let Some(address) = address
            && let Some(count) = counts.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A counted connection; boxed, because then connections without a limit cost only a pointer.
pub(crate) struct ConnectionPermit(Box<Admitted>);

struct Admitted {
    by: Arc<Admission>,
    address: Option<IpAddr>,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.0.by.leave(self.0.address);
    }
}

impl fmt::Debug for ConnectionPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectionPermit")
            .field(&self.0.address)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn no_limit_needs_no_permit() {
        let admission = Arc::new(Admission::new(None, None));
        assert!(admission.admit(address("::1")).unwrap().is_none());
    }

    #[test]
    fn who_leaves_makes_room() {
        let admission = Arc::new(Admission::new(Some(2), None));
        let first = admission.admit(None).unwrap();
        let second = admission.admit(None).unwrap();
        assert_eq!(admission.admit(None).unwrap_err(), Refusal::All);
        drop(first);
        let third = admission.admit(None).unwrap();
        assert_eq!(admission.admit(None).unwrap_err(), Refusal::All);
        drop((second, third));
        assert_eq!(admission.lock().all, 0);
    }

    #[test]
    fn each_address_has_room_of_its_own_and_a_network_of_64_bits_is_one() {
        let admission = Arc::new(Admission::new(None, Some(1)));
        let mut permits = Vec::new();
        for (text, is_admitted) in [
            ("10.0.0.1", true),
            ("10.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("10.0.0.2", true),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
            ("2001:db8:0:1::1", true),
        ] {
            let admitted = admission.admit(address(text));
            assert_eq!(admitted.is_ok(), is_admitted, "{text}");
            permits.extend(admitted.ok().flatten());
        }
        // Connections without an address, as on a Unix socket, cannot be told apart.
        permits.extend(admission.admit(None).unwrap());
        permits.extend(admission.admit(None).unwrap());
        drop(permits);
        let counts = admission.lock();
        assert_eq!((counts.all, counts.by_address.len()), (0, 0));
    }
}
