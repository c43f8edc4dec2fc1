//! A record of what the hubs of a test did, in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

const PATIENCE: Duration = Duration::from_secs(10);

/// A shared list of events that can be waited for.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    entries: Arc<Mutex<Vec<String>>>,
    added: Arc<Notify>,
}

impl Journal {
    pub fn note(&self, entry: impl Into<String>) {
        self.with(|entries| entries.push(entry.into()));
        self.added.notify_waiters();
    }

    /// Returns all entries so far.
    pub fn entries(&self) -> Vec<String> {
        self.with(|entries| entries.clone())
    }

    /// Waits until something has happened.
    pub async fn until(&self, entry: &str) {
        self.until_nth(1, entry).await;
    }

    /// Waits until something has happened this many times.
    pub async fn until_nth(&self, times: usize, entry: &str) {
        let waiting = async {
            loop {
                let mut added = std::pin::pin!(self.added.notified());
                added.as_mut().enable();
                let known = self.with(|entries| entries.iter().filter(|e| *e == entry).count());
                if known >= times {
                    return;
                }
                added.await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "no {entry:?} among {:?}", self.entries());
    }

    fn with<R>(&self, read: impl FnOnce(&mut Vec<String>) -> R) -> R {
        read(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
