//! Keeps an issuer's keys, and fetches them anew from time to time.
//!
//! Only requests cause fetches, at most one at a time and one in 30 s, whatever they carry. A fetch
//! does not belong to the request that caused it, and goes on if that is given up. Its owner is
//! [`FetchedKeys`], which aborts it when it is dropped.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fetch::{FetchError, Location};
use crate::key::KeySet;

/// At most one fetch begins in this time: otherwise, a flood of tokens with made-up `kid`s would be
/// a flood of requests to the issuer.
const BETWEEN_FETCHES: Duration = Duration::from_secs(30);

/// While fetches fail, one line is logged in this time.
const BETWEEN_LINES: Duration = Duration::from_secs(10 * 60);

/// The keys that an issuer publishes.
pub(crate) struct FetchedKeys {
    shared: Arc<Shared>,
    /// At most one.
    fetches: Mutex<JoinSet<()>>,
}

struct Shared {
    location: Location,
    refresh_interval: Duration,
    state: Mutex<State>,
    /// Sent to when a fetch has ended, however it did.
    ended: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// The last good ones.
    keys: Option<Arc<KeySet>>,
    /// When they were fetched.
    fetched: Option<Instant>,
    /// When the last fetch began.
    began: Option<Instant>,
    is_running: bool,
    /// The failures since the last success.
    failures: u64,
    /// When one of them was last logged.
    logged: Option<Instant>,
}

impl FetchedKeys {
    pub(crate) fn new(location: Location, refresh_interval: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                location,
                refresh_interval,
                state: Mutex::default(),
                ended: watch::Sender::new(()),
            }),
            fetches: Mutex::default(),
        }
    }

    /// Returns the keys; `None` if there have never been any. Only then, it waits for a fetch.
    pub(crate) async fn current(&self) -> Option<Arc<KeySet>> {
        let interval = self.shared.refresh_interval;
        self.keys(|state, now| state.is_due(now, interval), |_| true)
            .await
    }

    /// Returns keys that are newer than these; `None` if there are none. It fetches them if it may,
    /// and waits for a fetch that is under way.
    pub(crate) async fn newer_than(&self, old: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        let is_newer = |keys: &Arc<KeySet>| !Arc::ptr_eq(keys, old);
        let has_none = |state: &State, _| !state.keys.as_ref().is_some_and(is_newer);
        self.keys(has_none, is_newer).await
    }

    /// Returns the keys if they are wanted, if need be after a fetch, which begins if it is needed
    /// and allowed.
    async fn keys(
        &self,
        is_fetch_needed: impl FnOnce(&State, Instant) -> bool,
        are_wanted: impl Fn(&Arc<KeySet>) -> bool,
    ) -> Option<Arc<KeySet>> {
        let mut ended = self.shared.ended.subscribe();
        let begins = {
            let mut state = self.shared.state();
            let now = Instant::now();
            is_fetch_needed(&state, now) && state.begins(now)
        };
        if begins {
            self.fetch();
        }
        let (keys, is_running) = self.shared.keys();
        let keys = keys.filter(&are_wanted);
        if keys.is_some() || !is_running {
            return keys;
        }
        // An error would mean that there is no sender, and this has it.
        let _ = ended.changed().await;
        self.shared.keys().0.filter(are_wanted)
    }

    /// Starts a fetch. The state must not be locked, because a runtime that shuts down drops the
    /// task at once.
    fn fetch(&self) {
        let running = Running(Arc::clone(&self.shared));
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        while fetches.try_join_next().is_some() {}
        fetches.spawn(async move {
            let fetched = running.0.location.fetch().await;
            running.0.state().keep(fetched, Instant::now());
        });
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the keys, and whether a fetch is under way.
    fn keys(&self) -> (Option<Arc<KeySet>>, bool) {
        let state = self.state();
        (state.keys.clone(), state.is_running)
    }
}

impl State {
    fn is_due(&self, now: Instant, interval: Duration) -> bool {
        let is_old = |fetched| now.saturating_duration_since(fetched) >= interval;
        self.fetched.is_none_or(is_old)
    }

    /// Returns whether a fetch may begin, and notes that it does.
    fn begins(&mut self, now: Instant) -> bool {
        let is_long_ago = |began| now.saturating_duration_since(began) >= BETWEEN_FETCHES;
        let begins = !self.is_running && self.began.is_none_or(is_long_ago);
        if begins {
            self.began = Some(now);
            self.is_running = true;
        }
        begins
    }

    /// Keeps the keys, or the old ones after a failure.
    fn keep(&mut self, fetched: Result<KeySet, FetchError>, now: Instant) {
        let keys = match fetched {
            Ok(keys) => keys,
            Err(error) => return self.failed(&error, now),
        };
        if self.failures > 0 {
            let failures = self.failures;
            tracing::info!(target: "hubwire::authentication", failures, "an issuer's keys are fetched again");
        }
        self.keys = Some(Arc::new(keys));
        self.fetched = Some(now);
        self.failures = 0;
        self.logged = None;
    }

    fn failed(&mut self, error: &FetchError, now: Instant) {
        self.failures += 1;
        let is_recent = |logged| now.saturating_duration_since(logged) < BETWEEN_LINES;
        if self.logged.is_some_and(is_recent) {
            return;
        }
        self.logged = Some(now);
        let failures = self.failures;
        match self.keys {
            Some(_) => {
                tracing::warn!(target: "hubwire::authentication", failures, %error, "an issuer's keys cannot be fetched; the last good ones stay in use");
            }
            None => {
                tracing::error!(target: "hubwire::authentication", failures, %error, "an issuer's keys cannot be fetched; requests with tokens are refused (503)");
            }
        }
    }
}

/// A fetch that is under way. Its end is told, whether it succeeds, fails, panics or is aborted.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.state().is_running = false;
        self.0.ended.send_replace(());
    }
}

impl fmt::Debug for FetchedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedKeys")
            .field("start", &self.shared.location.start)
            .finish_non_exhaustive()
    }
}
