//! The time of the calendar.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock by which tokens expire.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    pub(crate) fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Returns the seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        let elapsed = (self.0)().duration_since(UNIX_EPOCH);
        elapsed.unwrap_or_default().as_secs()
    }
}

impl Default for Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "tokens have times of the calendar; tests set a clock of their own"
    )]
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
