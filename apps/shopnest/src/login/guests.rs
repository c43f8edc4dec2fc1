//! The guests whose tokens are good, each with a name that no other has.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::name::{Key, Name};
use super::refusal::Refusal;
use super::tokens::{LIFETIME, User, guest_id, random_number};

/// The number of guests whose tokens have not expired; each takes less than 1 KiB.
const MAXIMUM_GUESTS: usize = 10_000;

/// How often a number for a guest without a name is drawn. At most one of ten is in use.
const DRAWS: usize = 20;

/// Who has which name.
#[derive(Debug, Default)]
pub(super) struct Guests(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    held: HashMap<Key, Hold>,
    /// The same by the time at which they end.
    ends: BTreeSet<(Instant, Key)>,
}

#[derive(Debug)]
struct Hold {
    id: String,
    until: Instant,
}

impl Guests {
    /// Returns a new guest with this name, or with one that says only that it is a guest.
    ///
    /// # Errors
    ///
    /// If the name is no name, an account's or another guest's, or if there are too many guests.
    pub(super) fn welcome(&self, name: Option<&str>) -> Result<User, Refusal> {
        let id = guest_id();
        let Some(name) = name else {
            return self.unnamed(&id);
        };
        let name = Name::of_guest(name)?;
        self.names().hold(&id, name.key())?;
        Ok(User::new(id, name.into_text()))
    }

    fn unnamed(&self, id: &str) -> Result<User, Refusal> {
        for _ in 0..DRAWS {
            let name = Name::of_guest(&format!("Guest {:05}", random_number(100_000)))?;
            match self.names().hold(id, name.key()) {
                Err(Refusal::NameTaken) => {}
                held => return held.map(|()| User::new(id, name.into_text())),
            }
        }
        Err(Refusal::NameTaken)
    }

    /// Returns the guest of a token that is good, for another hour.
    ///
    /// It may have been signed elsewhere, or before a restart.
    ///
    /// # Errors
    ///
    /// If it is new here, and could not be welcome: its name may be another's by now.
    pub(super) fn renew(&self, guest: User) -> Result<User, Refusal> {
        let name = Name::signed(guest.name)?;
        self.names().hold(&guest.sub, name.key())?;
        Ok(User::new(guest.sub, name.into_text()))
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    /// Gives a name to a guest from now on, unless another has it.
    fn hold(&mut self, id: &str, name: Key) -> Result<(), Refusal> {
        let now = Instant::now();
        self.end(now);
        match self.held.get(&name) {
            Some(hold) if hold.id != id => return Err(Refusal::NameTaken),
            Some(hold) => drop(self.ends.remove(&(hold.until, name.clone()))),
            None if self.held.len() >= MAXIMUM_GUESTS => return Err(self.too_many(now)),
            None => {}
        }
        let until = now + LIFETIME;
        self.ends.insert((until, name.clone()));
        let id = id.to_owned();
        self.held.insert(name, Hold { id, until });
        Ok(())
    }

    /// Frees the names of guests whose tokens have expired.
    fn end(&mut self, now: Instant) {
        while let Some((until, _)) = self.ends.first()
            && *until <= now
            && let Some((_, name)) = self.ends.pop_first()
        {
            self.held.remove(&name);
        }
    }

    fn too_many(&self, now: Instant) -> Refusal {
        let next = self.ends.first().map(|(until, _)| *until - now);
        Refusal::TooManyGuests {
            retry_after: next.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests;
