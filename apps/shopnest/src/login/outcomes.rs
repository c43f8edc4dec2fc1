//! What operators see of requests to sign in: a metric for all, and lines in the log for refusals.
//!
//! Strangers can cause refusals as fast as they like, so the lines are limited, and those that are left
//! out are counted. Nothing that somebody has typed is logged: people type passwords in wrong fields.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubwire::CancellationToken;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::TaskTracker;
use tracing::field;

use super::refusal::Refusal;
use crate::metrics;

/// The number of lines about refusals in a period; one more says how many were left out. A day of them
/// takes less than 100 MB.
const MAXIMUM_LINES: u32 = 4;
const PERIOD: Duration = Duration::from_secs(1);

/// Reports how requests to sign in end.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    lines: Arc<Mutex<Lines>>,
    /// Those who say how many lines were left out.
    summaries: TaskTracker,
    closing: CancellationToken,
}

/// The lines of the current period.
#[derive(Debug, Default)]
struct Lines {
    ends: Option<Instant>,
    written: u32,
    left_out: u64,
}

/// Whether a line may be written.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Write,
    LeaveOut,
    /// It is the first of those that are left out until the period ends.
    LeaveOutFirst(Instant),
}

impl Outcomes {
    /// Reports how a request from this address, if it is known, has ended.
    pub(super) fn report<T>(&self, outcome: &Result<T, Refusal>, address: Option<IpAddr>) {
        match outcome {
            Ok(_) => metrics::sign_in("granted"),
            Err(refusal) => {
                metrics::sign_in(refusal.reason());
                self.log(refusal.reason(), address);
            }
        }
    }

    fn log(&self, reason: &str, address: Option<IpAddr>) {
        // The lock is not held while a line is written.
        let line = lines(&self.lines).line(Instant::now());
        match line {
            Line::Write => {
                let address = address.map(field::display);
                tracing::info!(reason, client.address = address, "a sign-in was refused");
            }
            Line::LeaveOut => {}
            Line::LeaveOutFirst(ends) => self.summarize_at(ends),
        }
    }

    fn summarize_at(&self, ends: Instant) {
        let (lines, closing) = (Arc::clone(&self.lines), self.closing.clone());
        self.summaries.spawn(async move {
            closing.run_until_cancelled(sleep_until(ends)).await;
            let refusals = self::lines(&lines).take_left_out();
            tracing::info!(refusals, "more sign-ins were refused");
        });
    }

    /// Says at once how many lines were left out.
    pub(super) async fn finish(&self) {
        self.closing.cancel();
        self.summaries.close();
        self.summaries.wait().await;
    }
}

impl Lines {
    fn line(&mut self, now: Instant) -> Line {
        if self.ends.is_none_or(|ends| ends <= now) {
            self.ends = Some(now + PERIOD);
            self.written = 0;
        }
        if self.written < MAXIMUM_LINES {
            self.written += 1;
            return Line::Write;
        }
        self.left_out += 1;
        match self.ends {
            Some(ends) if self.left_out == 1 => Line::LeaveOutFirst(ends),
            _ => Line::LeaveOut,
        }
    }

    fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

fn lines(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
