//! The only place where xtask reads the clock: it measures real suites and has no runtime to
//! pause.

use std::time::Instant;

/// Returns the current time.
#[expect(
    clippy::disallowed_methods,
    reason = "suites are timed in real time, not by tokio's clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
