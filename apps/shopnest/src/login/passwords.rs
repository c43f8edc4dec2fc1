//! Verifying passwords, which takes time and memory on purpose: on few threads, for few requests.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::{Argon2, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::refusal::Refusal;

/// The number of requests that wait for a thread; others are refused.
const MAXIMUM_WAITING: usize = 32;

/// More threads than these do not make a demo safer; each verification takes 19 MiB.
const MAXIMUM_THREADS: usize = 4;

/// Compares passwords to hashes, on at most half of the processors.
pub(super) struct Passwords {
    /// One for each request that is served or waits.
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    running: TaskTracker,
    is_of: fn(&str, &str) -> bool,
}

impl Passwords {
    /// Prepares to compare passwords by `is_of`, which blocks.
    pub(super) fn new(is_of: fn(&str, &str) -> bool) -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self::on((processors / 2).clamp(1, MAXIMUM_THREADS), is_of)
    }

    fn on(threads: usize, is_of: fn(&str, &str) -> bool) -> Self {
        Self {
            places: Arc::new(Semaphore::new(threads + MAXIMUM_WAITING)),
            threads: Arc::new(Semaphore::new(threads)),
            running: TaskTracker::new(),
            is_of,
        }
    }

    /// Returns whether this is the password with this hash.
    ///
    /// # Errors
    ///
    /// If too many requests wait already.
    ///
    /// # Cancellation
    ///
    /// A request that waits leaves its place. A comparison that has begun goes on, and its result is lost.
    pub(super) async fn verify(
        &self,
        password: String,
        hash: &'static str,
    ) -> Result<bool, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::TooManySignIns)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let thread = thread.expect("the semaphore is never closed");
        let is_of = self.is_of;
        let compared = self.running.spawn_blocking(move || {
            let is_right = is_of(&password, hash);
            drop((thread, place));
            is_right
        });
        // A comparison that panics proves nothing.
        Ok(compared.await.unwrap_or(false))
    }

    /// Waits for the comparisons that have begun.
    pub(super) async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }
}

/// Returns whether this is the password with this hash, a PHC string of Argon2.
pub(super) fn is_of(password: &str, hash: &str) -> bool {
    let argon2 = Argon2::default();
    argon2.verify_password(password.as_bytes(), hash).is_ok()
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("places", &self.places.available_permits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
